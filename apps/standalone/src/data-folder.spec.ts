import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataFolder } from './data-folder.js';

describe('DataFolder', () => {
  let path: string;
  let folder: DataFolder;
  beforeEach(() => {
    path = join(mkdtempSync(join(tmpdir(), 'parley-data-')), 'parley');
    folder = new DataFolder(path);
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));

  it('refuses to be used by two processes at once, and names the other one', () => {
    writeFileSync(join(path, 'lock'), String(process.ppid));
    expect(() => folder.lock()).toThrow(`process ${process.ppid}`);
  });

  it('is not locked by a process that is gone', () => {
    writeFileSync(join(path, 'lock'), '999999999');
    folder.lock();
    expect(readFileSync(join(path, 'lock'), 'utf8')).toBe(String(process.pid));
  });

  it('can be unlocked twice', () => {
    folder.lock();
    folder.unlock();
    folder.unlock();
    folder.lock();
  });

  it('keeps its secrets for the next start', () => {
    const secrets = folder.secrets();
    expect(new DataFolder(path).secrets()).toEqual(secrets);
    expect(secrets.jwtSecret.length).toBeGreaterThanOrEqual(32);
  });

  it('lets only its owner read what is secret', () => {
    expect(folder.credentials()).toBeNull();
    const credentials = {
      baseUrl: 'http://localhost:3001',
      adminEmail: 'a@b.example',
      adminPassword: 'p',
      apiKey: 'k',
    };
    folder.saveCredentials(credentials);
    folder.secrets();
    expect(folder.credentials()).toEqual(credentials);
    for (const name of ['credentials.json', 'secrets.json'])
      expect(statSync(join(path, name)).mode & 0o777).toBe(0o600);
  });
});
