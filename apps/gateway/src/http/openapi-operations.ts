import { type OpenAPIObject } from '@nestjs/swagger';

export type OpenApiOperation = NonNullable<OpenAPIObject['paths'][string]['get']> & Record<`x-${string}`, unknown>;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Every operation of a document, with its path. */
export function operationsOf(document: OpenAPIObject): { path: string; operation: OpenApiOperation }[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method] as OpenApiOperation | undefined;
      return operation ? [{ path, operation }] : [];
    }),
  );
}
