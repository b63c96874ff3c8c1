import { Injectable } from '@nestjs/common';
import { type Attributes, IngestDocument, type TenantContext } from '@parley/contracts';
import { IngestionLedger, removeDocument } from '@parley/knowledge';
import { OutboxRepository } from '@parley/messaging';
import { type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { type DocumentEntity } from './document.entity.js';
import {
  createdAtOf,
  insertDocuments,
  type NewDocument,
  type Placing,
  type Situation,
  situationsOf,
  updateWishes,
  type Wish,
} from './placing-sql.repository.js';

/**
 * Decides which documents have chunks of their own: in a knowledge base the same content, with the same attributes and
 * chunking, is indexed once. The others duplicate it. The caller holds the files and then the knowledge base, so that
 * nobody else decides at the same time.
 */
@Injectable()
export class PlacementRepository {
  constructor(
    private readonly outbox: OutboxRepository,
    private readonly ledger: IngestionLedger,
  ) {}

  /**
   * Adds files to a knowledge base, each once, in a few statements however many they are. What is there already is left as
   * it is, unless it had failed or was cancelled: then it is tried again, with the new wishes.
   */
  async add(
    tx: EntityManager,
    tenant: TenantContext,
    knowledgeBaseId: string,
    placings: readonly Placing[],
  ): Promise<void> {
    const situations = await situationsOf(tx, tenant, knowledgeBaseId, placings);
    /** Documents that are going to have chunks, by the chunks that they will have. */
    const holders = new Map<string, string>();
    const added: NewDocument[] = [];
    for (const { position, content_key, twin_id } of situations.filter((situation) => situation.document_id === null)) {
      const id = uuidv7();
      const duplicateOf = twin_id ?? holders.get(content_key) ?? null;
      if (duplicateOf === null) holders.set(content_key, id);
      added.push({ id, placing: placings[position]!, duplicateOf });
    }
    await insertDocuments(tx, tenant, knowledgeBaseId, added);
    const again: Wish[] = [];
    const others: Placing[] = [];
    for (const situation of situations.filter(({ is_dead }) => is_dead)) {
      const placing = placings[situation.position]!;
      if (!canBeginAgain(situation) || holders.has(situation.content_key)) {
        others.push(placing);
        continue;
      }
      holders.set(situation.content_key, situation.document_id!);
      again.push({ id: situation.document_id!, placing });
    }
    await this.#startVersions(tx, tenant, [...holders.values()]);
    await updateWishes(tx, tenant, again);
    for (const placing of others) await this.#addAgain(tx, tenant, knowledgeBaseId, placing);
  }

  /** Chunks that others share, or that another document has already, cannot show other attributes: they are left. */
  async changeAttributes(
    tx: EntityManager,
    tenant: TenantContext,
    document: DocumentEntity,
    attributes: Attributes,
  ): Promise<void> {
    const placing = { ...document, attributes };
    const [situation] = await situationsOf(tx, tenant, document.knowledgeBaseId, [placing]);
    if (situation!.is_as_wished) return;
    const isAlone = !situation!.is_duplicate && !situation!.has_duplicates && !canJoinTwin(situation!);
    if (isAlone) await updateWishes(tx, tenant, [{ id: document.id, placing }]);
    else await this.#renew(tx, tenant, document.knowledgeBaseId, placing, situation!);
  }

  /** After the file has been given other content: its document gets a new version of it. */
  async changeContent(tx: EntityManager, tenant: TenantContext, document: DocumentEntity): Promise<void> {
    const [situation] = await situationsOf(tx, tenant, document.knowledgeBaseId, [document]);
    await this.#renew(tx, tenant, document.knowledgeBaseId, document, situation!);
  }

  /** A document that failed and has to do with others; looked at anew, because it may be alive by their new versions. */
  async #addAgain(tx: EntityManager, tenant: TenantContext, knowledgeBaseId: string, placing: Placing): Promise<void> {
    const [situation] = await situationsOf(tx, tenant, knowledgeBaseId, [placing]);
    if (situation!.is_dead) await this.#renew(tx, tenant, knowledgeBaseId, placing, situation!);
  }

  /** A document's chunks no longer are what it is to show: it joins its twin, or gets a new version. */
  async #renew(
    tx: EntityManager,
    tenant: TenantContext,
    knowledgeBaseId: string,
    placing: Placing,
    situation: Situation,
  ): Promise<void> {
    const id = situation.document_id!;
    if (canJoinTwin(situation)) {
      const joined = { id: uuidv7(), placing, duplicateOf: situation.twin_id };
      const createdAt = await createdAtOf(tx, tenant, id);
      await removeDocument(tx, tenant, id);
      await insertDocuments(tx, tenant, knowledgeBaseId, [joined], createdAt);
    } else if (situation.has_duplicates) {
      await this.#startVersions(tx, tenant, [await this.#part(tx, tenant, knowledgeBaseId, placing, id)]);
    } else {
      await this.#startVersions(tx, tenant, [id]);
      await updateWishes(tx, tenant, [{ id, placing }]);
    }
  }

  /** Leaves the chunks to those that share them, and shows them too until it has its own. @returns its new id */
  async #part(
    tx: EntityManager,
    tenant: TenantContext,
    knowledgeBaseId: string,
    placing: Placing,
    documentId: string,
  ): Promise<string> {
    const createdAt = await createdAtOf(tx, tenant, documentId);
    const parameters = [tenant.tenantId, documentId];
    await tx.query('select memory.hold_document($1, $2)', parameters);
    await tx.query('select memory.pass_document_on($1, $2)', parameters);
    const id = uuidv7();
    await insertDocuments(tx, tenant, knowledgeBaseId, [{ id, placing, duplicateOf: documentId }], createdAt);
    return id;
  }

  async #startVersions(tx: EntityManager, tenant: TenantContext, documentIds: readonly string[]): Promise<void> {
    if (documentIds.length === 0) return;
    const jobs = documentIds.map((documentId) => ({ jobId: uuidv7(), documentId }));
    await this.ledger.enqueueAll(tx, tenant, jobs);
    const commands = jobs.map((job) => ({ messageId: job.jobId, payload: job }));
    await this.outbox.addAll(tx, IngestDocument, commands, tenant);
  }
}

/** What searches find of a document stays until something takes its place: its own new version, or its twin. */
function canJoinTwin({ twin_id, is_twin_completed, is_searchable }: Situation): boolean {
  return twin_id !== null && (is_twin_completed || !is_searchable);
}

/** As it stands, without regard to others. */
function canBeginAgain({ is_duplicate, has_duplicates, is_as_wished, twin_id }: Situation): boolean {
  return !is_duplicate && twin_id === null && (!has_duplicates || is_as_wished);
}
