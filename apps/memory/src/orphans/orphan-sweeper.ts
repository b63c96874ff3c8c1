import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type OrphanCounts, type OrphanKind } from '@parley/contracts';
import { counter } from '@parley/observability';
import { PeriodicTask } from '../jobs/periodic-task.js';
import { OrphanBlobs } from './orphan-blobs.js';
import { type BasePlace, OrphansRepository, type VersionPlace } from './orphans.repository.js';

const INTERVAL_MS = 60_000;

const removals = counter('parley_orphans_removed_total', 'What was stored, belonged to nothing and was removed', [
  'kind',
]);

/**
 * Proves, a bounded step through each store per turn, that what was deleted is gone, and removes what is not. Every
 * process keeps its own place; that two sweep beside each other costs time and nothing else.
 */
@Injectable()
export class OrphanSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(OrphanSweeper.name);
  readonly #task = new PeriodicTask(OrphanSweeper.name, INTERVAL_MS, async () => void (await this.sweep()));
  readonly #versionPlaces = new Map<string, VersionPlace>();
  #basePlace: BasePlace | null = null;

  constructor(
    private readonly orphans: OrphansRepository,
    private readonly blobs: OrphanBlobs,
  ) {}

  onApplicationBootstrap(): void {
    this.#task.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.#task.stop();
  }

  /** One turn. A store that fails does not keep the others from being swept. @returns what was removed */
  async sweep(): Promise<OrphanCounts> {
    const removed: OrphanCounts = { chunks: 0, vectors: 0, blobs: 0, statistics: 0 };
    const steps = [
      () => this.#sweepVersions(removed),
      () => this.#sweepStatistics(removed),
      () => this.#sweepBlobs(removed),
    ];
    const failures: unknown[] = [];
    for (const step of steps) await step().catch((error: unknown) => failures.push(error));
    this.#report(removed);
    if (failures.length > 0) throw failures[0];
    return removed;
  }

  async #sweepVersions(removed: OrphanCounts): Promise<void> {
    const tables = await this.orphans.chunkTables();
    for (const table of this.#versionPlaces.keys()) if (!tables.includes(table)) this.#versionPlaces.delete(table);
    for (const table of tables) {
      const turn = await this.orphans.removeVersions(table, this.#versionPlaces.get(table) ?? null);
      if (turn.place) this.#versionPlaces.set(table, turn.place);
      else this.#versionPlaces.delete(table);
      removed[table === 'chunks' ? 'chunks' : 'vectors'] += turn.removed;
    }
  }

  async #sweepStatistics(removed: OrphanCounts): Promise<void> {
    const turn = await this.orphans.repairStatistics(this.#basePlace);
    this.#basePlace = turn.place;
    removed.statistics += turn.removed;
  }

  async #sweepBlobs(removed: OrphanCounts): Promise<void> {
    removed.blobs += await this.blobs.removeNext();
  }

  #report(removed: OrphanCounts): void {
    const found = (Object.entries(removed) as [OrphanKind, number][]).filter(([, count]) => count > 0);
    for (const [kind, count] of found) removals.inc({ kind }, count);
    if (found.length === 0) return;
    this.#logger.warn(`Orphans were removed: ${found.map(([kind, count]) => `${count} ${kind}`).join(', ')}`);
  }
}
