import { existsSync } from 'node:fs';
import { afterEach, expect, it } from '@jest/globals';
import { describeWithPrivateServers } from '../describe-with-services.js';
import { discardOrphans, listInstances } from './instance-registry.js';
import { identify } from './process-identity.js';
import { createServer, type Provider } from './provider.js';
import { redisCommand } from './redis-client.js';
import type { Server } from './server.js';
import { PROVIDER_VARIABLE } from './service-variables.js';

describeWithPrivateServers('cleaning up after a run that was killed', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.remove()));
  });

  async function startRedis(ownerStartMark: string | null) {
    const owner = { pid: process.pid, startMark: ownerStartMark };
    const server = await createServer(process.env[PROVIDER_VARIABLE] as Provider, 'redis', owner);
    servers.push(server);
    await server.start();
    const record = (await listInstances()).find(({ endpoints }) => endpoints.url === server.endpoints.url)!;
    return { url: server.endpoints.url, folder: record.directory };
  }

  it('removes servers whose owner is gone, also when its pid is in use again, and no others', async () => {
    const orphan = await startRedis('an earlier process with this pid');
    const owned = await startRedis(identify(process.pid).startMark);
    expect(await discardOrphans()).toBeGreaterThanOrEqual(1);
    await expect(redisCommand(orphan.url, 'PING')).rejects.toThrow(/ECONNREFUSED/);
    expect(orphan.folder !== null && existsSync(orphan.folder)).toBe(false);
    expect(await redisCommand(owned.url, 'PING')).toMatch(/PONG/);
  });
});
