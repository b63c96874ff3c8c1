import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError } from '@parley/config';

export interface Credentials {
  baseUrl: string;
  adminEmail: string;
  adminPassword: string;
  apiKey: string;
}

/** Secrets made on the first start, so that tokens and keys stay valid over restarts. */
export interface Secrets {
  jwtSecret: string;
  adminPassword: string;
}

/** Everything Parley keeps on this machine when it runs embedded: `PARLEY_DATA_DIR`, by default `.parley`. */
export class DataFolder {
  readonly path: string;

  /** @throws ConfigError when the folder cannot be made or written to */
  constructor(path: string) {
    this.path = resolve(path);
    try {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
      accessSync(this.path, constants.W_OK);
    } catch (error) {
      throw new ConfigError([`PARLEY_DATA_DIR cannot be used: ${(error as Error).message}`]);
    }
  }

  get postgres(): string {
    return join(this.path, 'postgres');
  }

  get uploads(): string {
    return join(this.path, 'uploads');
  }

  get credentialsFile(): string {
    return join(this.path, 'credentials.json');
  }

  /**
   * Two processes on one embedded database would destroy it.
   * @throws ConfigError naming the process that holds the folder
   */
  lock(): void {
    const file = join(this.path, 'lock');
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = Number(readFileSync(file, 'utf8'));
      if (isRunning(holder)) {
        throw new ConfigError([
          `PARLEY_DATA_DIR ${this.path} is in use by process ${holder}: stop that, or choose another folder (if that process is not Parley, delete ${file})`,
        ]);
      }
      rmSync(file, { force: true });
      this.lock();
    }
  }

  unlock(): void {
    rmSync(join(this.path, 'lock'), { force: true });
  }

  /** The same ones at every start. */
  secrets(): Secrets {
    const file = join(this.path, 'secrets.json');
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as Secrets;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const secrets = {
      jwtSecret: randomBytes(48).toString('base64url'),
      adminPassword: randomBytes(15).toString('base64url'),
    };
    this.#writePrivate(file, secrets);
    return secrets;
  }

  credentials(): Credentials | null {
    try {
      return JSON.parse(readFileSync(this.credentialsFile, 'utf8')) as Credentials;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  saveCredentials(credentials: Credentials): void {
    this.#writePrivate(this.credentialsFile, credentials);
  }

  #writePrivate(file: string, content: object): void {
    rmSync(file, { force: true });
    writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
