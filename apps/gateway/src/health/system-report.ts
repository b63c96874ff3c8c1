import { loadavg } from 'node:os';
import { type DetailedStatusObject } from './status.view.js';

/** What this process uses of its machine. */
export function systemReport(): DetailedStatusObject['system'] {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    node: process.version,
    platform: process.platform,
    uptime_seconds: Math.round(process.uptime()),
    cpu_seconds: (user + system) / 1e6,
    load_average: loadavg(),
    memory: { rss_bytes: rss, heap_used_bytes: heapUsed, available_bytes: process.availableMemory() },
  };
}
