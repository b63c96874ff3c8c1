import { type EmbeddingMigrationView } from '@parley/contracts';
import { type EmbeddingMigration, type EmbeddingSpace } from '@parley/knowledge';

export function embeddingMigrationView(migration: EmbeddingMigration): EmbeddingMigrationView {
  const { id, knowledgeBaseId, status, isFilled, isRemoving, error, chunksTotal, chunksFilled } = migration;
  const isOpen = status === 'filling' || status === 'ready' || status === 'switched';
  return {
    id,
    knowledgeBaseId,
    status,
    from: modelOf(migration.from),
    to: modelOf(migration.to),
    chunks: { total: chunksTotal, embedded: chunksFilled },
    progressPercent: isFilled ? 100 : Math.floor((100 * chunksFilled) / Math.max(1, chunksTotal)),
    canSwitch: isOpen && isFilled,
    isRemoving,
    error,
    retryAt: isOpen && !isFilled && error !== null ? migration.dueAt.toISOString() : null,
    createdAt: migration.createdAt.toISOString(),
    readyAt: migration.readyAt?.toISOString() ?? null,
    switchedAt: migration.switchedAt?.toISOString() ?? null,
    finishedAt: migration.finishedAt?.toISOString() ?? null,
  };
}

function modelOf({ model, dimensions }: EmbeddingSpace): { model: string; dimensions: number } {
  return { model, dimensions };
}
