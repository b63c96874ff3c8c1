import { Injectable } from '@nestjs/common';
import { BlobStore } from '@parley/blobs';
import { type TenantContext } from '@parley/contracts';
import { OrphansRepository } from './orphans.repository.js';

/** An upload writes its original before its row, and a command that deletes one may wait for the store. */
const MIN_AGE_MS = 3_600_000;

/** Originals that no file names and that have been there for an hour. */
@Injectable()
export class OrphanBlobs {
  #pages: AsyncGenerator<string[], void, undefined> | null = null;

  constructor(
    private readonly blobs: BlobStore,
    private readonly orphans: OrphansRepository,
  ) {}

  /** Looks at the next page of the store, of all tenants. @returns how many were removed */
  async removeNext(): Promise<number> {
    const page = await this.#nextPage();
    const orphans = page.length === 0 ? [] : await this.#orphansAmong(page);
    for (const key of orphans) await this.blobs.delete(key);
    return orphans.length;
  }

  async count(tenant: TenantContext): Promise<number> {
    let count = 0;
    for await (const page of this.blobs.keysOf(tenant.tenantId)) count += (await this.#orphansAmong(page)).length;
    return count;
  }

  async #nextPage(): Promise<string[]> {
    this.#pages ??= this.blobs.keys();
    try {
      const next = await this.#pages.next();
      if (!next.done) return next.value;
      this.#pages = null;
      return [];
    } catch (error) {
      this.#pages = null;
      throw error;
    }
  }

  async #orphansAmong(keys: readonly string[]): Promise<string[]> {
    const orphans: string[] = [];
    for (const key of await this.orphans.unknownBlobs(keys)) {
      const storedAt = await this.blobs.storedAt(key);
      if (storedAt && Date.now() - storedAt.getTime() > MIN_AGE_MS) orphans.push(key);
    }
    return orphans;
  }
}
