import { type FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    routeTable: RouteTable;
  }
}

interface Route {
  method: string;
  /** As registered: `/v1/files/:file_id`. */
  url: string;
  pattern: RegExp;
}

/** Every route the server has, in the order of registration. */
export class RouteTable {
  readonly #routes: Route[] = [];

  /** Must be called before the first route is registered. */
  static install(fastify: FastifyInstance): void {
    const table = new RouteTable();
    fastify.decorate('routeTable', table);
    fastify.addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) table.#routes.push({ method: one, url, pattern: patternOf(url) });
    });
  }

  get routes(): readonly Readonly<Pick<Route, 'method' | 'url'>>[] {
    return this.#routes;
  }

  /** The methods that exist for a path; empty when nobody serves it. */
  methodsOf(path: string): string[] {
    const matching = this.#routes.filter(({ url, pattern }) => url !== '*' && pattern.test(path));
    return [...new Set(matching.map(({ method }) => method))];
  }
}

function patternOf(url: string): RegExp {
  const source = url
    .split('/')
    .map((segment) => (segment.startsWith(':') ? '[^/]+' : escape(segment).replaceAll('\\*', '.*')))
    .join('/');
  return new RegExp(`^${source}$`);
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
