import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { DomainError, parseId, type PublicIdKind } from '@parley/contracts';

const NOUNS: Record<PublicIdKind, string> = {
  file: 'file',
  knowledgeBase: 'vector store',
  fileBatch: 'file batch',
  embeddingMigration: 'embedding migration',
  chunk: 'chunk',
  assistant: 'assistant',
  conversation: 'conversation',
  message: 'message',
  run: 'run',
  completion: 'chat completion',
  response: 'response',
  tenant: 'tenant',
  user: 'user',
  apiKey: 'API key',
  evaluation: 'evaluation',
  ingestionJob: 'ingestion job',
};

/**
 * `asst_…` of a path → uuid.
 * @throws DomainError `not_found` for anything that is not such an id, as for an id that nobody has
 */
@Injectable()
export class PublicIdPipe implements PipeTransform<unknown, string> {
  constructor(private readonly kind: PublicIdKind) {}

  transform(value: unknown, { data }: ArgumentMetadata): string {
    const id = typeof value === 'string' ? parseId(this.kind, value) : null;
    if (id === null) throw DomainError.notFound(NOUNS[this.kind], data);
    return id;
  }
}
