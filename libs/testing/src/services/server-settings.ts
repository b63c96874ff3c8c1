/**
 * For speed, but a killed server must keep what it acknowledged: `fsync` off survives the end of the process
 * (not of the machine), `synchronous_commit` off would not.
 */
export const postgresSettings = [
  'fsync=off',
  'full_page_writes=off',
  'max_connections=200',
  'shared_buffers=128MB',
  'max_wal_size=2GB',
  'timezone=UTC',
];

export const rabbitMqSettings = [
  'disk_free_limit.absolute = 100MB',
  'raft.wal_max_size_bytes = 67108864',
  'log.console.level = warning',
  'log.file = false',
  'log.console = true',
];

export const redisSettings = ['--save', '', '--appendonly', 'no'];
