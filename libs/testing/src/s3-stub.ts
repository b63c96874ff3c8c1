import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

export interface S3Stub {
  endpoint: string;
  /** By bucket and key: `bucket/some/key`. */
  objects: Map<string, Buffer>;
  /** Multipart uploads that were begun and neither completed nor given up. */
  openUploads(): number;
  close(): Promise<void>;
}

/** The part of S3 that a blob store uses, in memory: objects, listings by prefix, uploads in parts. */
export async function startS3Stub(): Promise<S3Stub> {
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, Map<number, Buffer>>();
  const server = createServer((request, response) => {
    answer(request, response, objects, uploads).catch((error: unknown) => response.writeHead(500).end(String(error)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    objects,
    openUploads: () => uploads.size,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  objects: Map<string, Buffer>,
  uploads: Map<string, Map<number, Buffer>>,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
  const key = decodeURIComponent(pathname.slice(1)).replace(/\/$/, '');
  const body = await buffer(request);
  const uploadId = searchParams.get('uploadId');
  const xml = (text: string) => void response.writeHead(200, { 'content-type': 'application/xml' }).end(text);
  if (request.method === 'GET' && searchParams.get('list-type') === '2')
    return xml(listing(key, searchParams, objects));
  if (request.method === 'POST' && searchParams.has('uploads')) {
    const id = `upload-${uploads.size + 1}-${objects.size}`;
    uploads.set(id, new Map());
    return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
  }
  if (request.method === 'PUT') {
    const stored = request.headers['content-encoding']?.includes('aws-chunked') ? unchunked(body) : body;
    if (request.headers['content-length'] === undefined) return void response.writeHead(411).end();
    if (uploadId === null) objects.set(key, stored);
    else uploads.get(uploadId)!.set(Number(searchParams.get('partNumber')), stored);
    const etag = `"${createHash('md5').update(stored).digest('hex')}"`;
    return void response.writeHead(200, { etag }).end();
  }
  if (request.method === 'POST' && uploadId !== null) {
    const parts = [...uploads.get(uploadId)!].sort(([left], [right]) => left - right);
    objects.set(key, Buffer.concat(parts.map(([, part]) => part)));
    uploads.delete(uploadId);
    return xml(`<CompleteMultipartUploadResult><Key>${key}</Key></CompleteMultipartUploadResult>`);
  }
  if (request.method === 'DELETE') {
    if (uploadId === null) objects.delete(key);
    else uploads.delete(uploadId);
    return void response.writeHead(204).end();
  }
  const found = objects.get(key);
  if (!found) return void response.writeHead(404).end();
  const headers = { 'content-length': found.length, etag: '"x"', 'last-modified': new Date().toUTCString() };
  response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : found);
}

function listing(bucket: string, query: URLSearchParams, objects: Map<string, Buffer>): string {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter');
  const keys = [...objects.keys()]
    .filter((key) => key.startsWith(`${bucket}/${prefix}`))
    .map((key) => key.slice(bucket.length + 1));
  const end = (key: string) => (delimiter ? key.indexOf(delimiter, prefix.length) : -1);
  const files = keys.filter((key) => end(key) < 0);
  const folders = new Set(keys.filter((key) => end(key) >= 0).map((key) => key.slice(0, end(key) + 1)));
  const contents = files.map(
    (key) =>
      `<Contents><Key>${key}</Key><Size>${objects.get(`${bucket}/${key}`)!.length}</Size><ETag>"x"</ETag><LastModified>${new Date().toISOString()}</LastModified></Contents>`,
  );
  const prefixes = [...folders].map((folder) => `<CommonPrefixes><Prefix>${folder}</Prefix></CommonPrefixes>`);
  return `<ListBucketResult><Name>${bucket}</Name><IsTruncated>false</IsTruncated>${contents.join('')}${prefixes.join('')}</ListBucketResult>`;
}

/** What the SDK wraps a body in when it sends a checksum behind it: sizes in hexadecimal before each piece. */
function unchunked(body: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.toString('latin1', at, lineEnd), 16);
    if (!size) return Buffer.concat(pieces);
    pieces.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
