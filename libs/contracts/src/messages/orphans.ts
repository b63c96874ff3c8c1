import { defineRpc } from '../message-definition.js';

export const ORPHAN_KINDS = ['chunks', 'vectors', 'blobs', 'statistics'] as const;
export type OrphanKind = (typeof ORPHAN_KINDS)[number];

/**
 * What is stored and belongs to nothing: rows of chunks and vectors of a version that is neither searched nor being
 * written, originals without a file, and knowledge bases whose term statistics are not those of their chunks.
 */
export type OrphanCounts = Record<OrphanKind, number>;

export class CountOrphansRequest {}

/** Of the caller's tenant, as they are now. Removes nothing: the sweeper does, by and by. */
export const CountOrphans = defineRpc<OrphanCounts>()({
  name: 'memory.count-orphans.v1',
  request: CountOrphansRequest,
  timeoutMs: 30_000,
});
