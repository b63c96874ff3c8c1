import { describe, expect, it } from '@jest/globals';
import fastify from 'fastify';
import { RouteTable } from './route-table.js';

describe('RouteTable', () => {
  it('knows the methods of a path, whatever stands in its parameters', async () => {
    const server = fastify();
    RouteTable.install(server);
    const handler = () => ({});
    server.get('/v1/files/:id', handler).delete('/v1/files/:id', handler).get('/docs/*', handler);
    await server.ready();
    expect(server.routeTable.methodsOf('/v1/files/file-1')).toEqual(['GET', 'HEAD', 'DELETE']);
    expect(server.routeTable.methodsOf('/v1/files/file-1/content')).toEqual([]);
    expect(server.routeTable.methodsOf('/docs/a/b.css')).toEqual(['GET', 'HEAD']);
    expect(server.routeTable.methodsOf('/v1xfiles/1')).toEqual([]);
  });
});
