import { DomainError, type HttpToolDeclaration } from '@parley/contracts';

const PLACEHOLDER = /\{\w+\}/g;
/** Of the schema of one tool's arguments. */
const MAX_SCHEMA_CHARACTERS = 16_384;
const MAX_HEADERS = 16;
const MAX_HEADER_CHARACTERS = 4_096;
const HEADER_NAME = /^[A-Za-z0-9-]{1,64}$/;
/** Those that say what a connection is belong to whoever connects. */
const OWN_HEADERS =
  /^(host|connection|content-length|transfer-encoding|upgrade|accept-encoding|te|trailer|keep-alive)$/i;

/** @throws DomainError `invalid_request` naming the tool and the field */
export function assertDeclarable(tools: readonly HttpToolDeclaration[], allowsHost: (host: string) => boolean): void {
  for (const [index, { name, url, parameters, headers = {} }] of tools.entries()) {
    const at = `tools.${index}`;
    if (tools.findIndex((other) => other.name === name) !== index) throw invalid(`${at}.name`, 'is there twice');
    assertUrl(url, `${at}.url`, allowsHost);
    if (JSON.stringify(parameters).length > MAX_SCHEMA_CHARACTERS) throw invalid(`${at}.parameters`, 'is too long');
    assertHeaders(headers, `${at}.headers`);
  }
}

/** An argument may fill in a part of path or query, never say who is asked. */
function assertUrl(text: string, param: string, allowsHost: (host: string) => boolean): void {
  const url = URL.parse(text.replace(PLACEHOLDER, 'x'));
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') throw invalid(param, 'must be an http or https address');
  const [server = ''] = text.slice(text.indexOf('//') + 2).split(/[/?#]/);
  if (/[{}]/.test(server)) throw invalid(param, 'can have arguments only in its path and query');
  if (!allowsHost(url.hostname))
    throw invalid(param, 'names a host that tools may not ask: see HTTP_TOOL_ALLOWED_HOSTS');
}

function assertHeaders(headers: Record<string, unknown>, param: string): void {
  const entries = Object.entries(headers);
  if (entries.length > MAX_HEADERS) throw invalid(param, `can have at most ${MAX_HEADERS} entries`);
  for (const [name, value] of entries) {
    if (!HEADER_NAME.test(name) || OWN_HEADERS.test(name)) throw invalid(param, `cannot have ${JSON.stringify(name)}`);
    const isText = typeof value === 'string' && /^[\t\x20-\x7e]*$/.test(value) && value.length <= MAX_HEADER_CHARACTERS;
    if (!isText) throw invalid(`${param}.${name}`, 'must be plain text');
  }
}

/** A header that is left empty keeps its value, as long as it goes to the same server: values are never shown. */
export function withKeptHeaders(
  tools: readonly HttpToolDeclaration[],
  stored: readonly HttpToolDeclaration[],
): HttpToolDeclaration[] {
  return tools.map((tool) => {
    const before = stored.find(({ name, url }) => name === tool.name && serverOf(url) === serverOf(tool.url));
    const headers = Object.entries(tool.headers ?? {}).map(([name, value]) => [
      name,
      value === '' ? (before?.headers?.[name] ?? '') : value,
    ]);
    return { ...tool, headers: Object.fromEntries(headers) as Record<string, string> };
  });
}

function serverOf(url: string): string | undefined {
  return URL.parse(url.replace(PLACEHOLDER, 'x'))?.origin;
}

function invalid(param: string, what: string): DomainError {
  return new DomainError('invalid_request', `${param} ${what}.`, { param });
}
