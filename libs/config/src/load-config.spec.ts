import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { IsInt, Min } from 'class-validator';
import { Env, parseBytes, parseList } from './env.js';
import { ConfigError, loadConfig } from './load-config.js';
import { BlobsConfig } from './sections/blobs.config.js';
import { DatabaseConfig } from './sections/database.config.js';
import { ServerConfig } from './sections/server.config.js';

class UploadsExample {
  @Env(['MAX_FILE_SIZE', 'OLD_MAX_FILE_SIZE'], { description: 'Largest file', default: 1024, parse: parseBytes })
  @IsInt()
  @Min(1)
  readonly maxFileBytes!: number;

  @Env('TYPES', { description: 'Allowed types', default: ['pdf'], parse: parseList })
  readonly types!: string[];

  @Env('STRICT', { description: 'Strict mode', default: true })
  readonly strict!: boolean;
}

function faultsOf(sections: Parameters<typeof loadConfig>[0], environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(sections, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('takes defaults for what is absent or empty', () => {
    const { uploads } = loadConfig({ uploads: UploadsExample }, { MAX_FILE_SIZE: '' });
    expect(uploads).toMatchObject({ maxFileBytes: 1024, types: ['pdf'], strict: true });
  });

  it('reads secrets from files, as Docker and Kubernetes mount them, and nothing else', () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-config-'));
    try {
      const path = join(folder, 'url');
      writeFileSync(path, 'postgres://user:password@db/parley\n');
      const sections = { database: DatabaseConfig };
      expect(loadConfig(sections, { DATABASE_URL_FILE: path }).database.databaseUrl).toBe(
        'postgres://user:password@db/parley',
      );
      expect(faultsOf(sections, { DATABASE_URL_FILE: join(folder, 'none') })).toEqual([
        expect.stringMatching(/^DATABASE_URL cannot be read from DATABASE_URL_FILE: ENOENT/),
      ]);
      writeFileSync(path, '20MB');
      expect(loadConfig({ uploads: UploadsExample }, { MAX_FILE_SIZE_FILE: path }).uploads.maxFileBytes).toBe(1024);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('reads sizes, lists and booleans, and the names that replaced systems use', () => {
    const environment = { OLD_MAX_FILE_SIZE: '10MB', TYPES: 'pdf, md', STRICT: 'no' };
    const { uploads } = loadConfig({ uploads: UploadsExample }, environment);
    expect(uploads).toMatchObject({ maxFileBytes: 10 * 2 ** 20, types: ['pdf', 'md'], strict: false });
  });

  it('cannot be changed afterwards', () => {
    const { uploads } = loadConfig({ uploads: UploadsExample }, {});
    expect(() => Object.assign(uploads, { strict: false })).toThrow(TypeError);
  });

  it('reports every fault of every section at once, by the variable’s name', () => {
    const faults = faultsOf(
      { server: ServerConfig, database: DatabaseConfig, uploads: UploadsExample },
      { PORT: 'eighty', LOG_LEVEL: 'loud', MAX_FILE_SIZE: 'big', DATABASE_POOL_SIZE: '0' },
    );
    expect(faults).toEqual([
      'PORT must be a number',
      expect.stringMatching(/^LOG_LEVEL must be one of/),
      expect.stringMatching(/^DATABASE_URL is required/),
      'DATABASE_POOL_SIZE must not be less than 1',
      'MAX_FILE_SIZE must be a size such as 10MB',
    ]);
  });

  it('names the variable in what validation finds', () => {
    expect(faultsOf({ server: ServerConfig }, { PORT: '70000' })).toEqual(['PORT must not be greater than 65535']);
    expect(faultsOf({ server: ServerConfig }, { LOG_LEVEL: 'loud' })[0]).toMatch(/^LOG_LEVEL must be one of/);
    expect(faultsOf({ database: DatabaseConfig }, { DATABASE_URL: 'mysql://x' })).toEqual([
      'DATABASE_URL must start with postgres://',
    ]);
  });

  it('lets a section check what no single variable shows', () => {
    expect(faultsOf({ blobs: BlobsConfig }, { BLOB_STORE: 's3' })).toEqual([
      'S3_BUCKET is required when BLOB_STORE=s3',
    ]);
  });
});

describe('parseList', () => {
  it('reads a JSON list as well', () => {
    expect(parseList('["https://a.example", "https://b.example"]')).toEqual(['https://a.example', 'https://b.example']);
    expect(() => parseList('[1]')).toThrow('must be a list of strings');
  });
});
