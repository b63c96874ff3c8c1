import { Injectable } from '@nestjs/common';
import { type Attributes, IngestDocument, type TenantContext } from '@parley/contracts';
import { IngestionLedger, removeDocument } from '@parley/knowledge';
import { OutboxRepository } from '@parley/messaging';
import { storableJson } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { type DocumentEntity } from './document.entity.js';

/** What a file is to be in a knowledge base. */
export interface Placing {
  fileId: string;
  attributes: Attributes;
  chunking: DocumentEntity['chunking'];
}

/** A placing beside what there is: the file's document, and another one with the content and wishes that it asks for. */
interface Situation {
  /** Position in the list that was asked for. */
  position: number;
  /** Equal for placings whose chunks would be the same. */
  content_key: string;
  document_id: string | null;
  is_dead: boolean;
  is_duplicate: boolean;
  has_duplicates: boolean;
  is_searchable: boolean;
  is_as_wished: boolean;
  twin_id: string | null;
  is_twin_completed: boolean;
}

interface Wish {
  id: string;
  placing: Placing;
}

interface NewDocument {
  id: string;
  placing: Placing;
  duplicateOf: string | null;
}

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

/**
 * In the order of the placings; files that do not exist are left out. A twin is a document of another file with the same
 * content, attributes and chunking that neither failed nor was cancelled and has chunks of its own, or will have.
 */
async function situationsOf(
  tx: EntityManager,
  tenant: TenantContext,
  knowledgeBaseId: string,
  placings: readonly Placing[],
): Promise<Situation[]> {
  return tx.query(SITUATIONS, [
    tenant.tenantId,
    knowledgeBaseId,
    placings.map(({ fileId }) => fileId),
    placings.map(({ attributes }) => storableJson(attributes)),
    placings.map(({ chunking }) => (chunking ? JSON.stringify(chunking) : null)),
  ]);
}

const SITUATIONS = `
  select w.position::integer - 1 as position,
    f.sha256 || w.attributes::text || coalesce(w.chunking::text, '') as content_key,
    d.id as document_id, coalesce(d.status in ('failed', 'cancelled'), false) as is_dead,
    d.duplicate_of is not null as is_duplicate, d.active_version is not null as is_searchable,
    exists (select from memory.documents a where a.tenant_id = $1 and a.duplicate_of = d.id) as has_duplicates,
    coalesce(d.attributes = w.attributes and d.chunking is not distinct from w.chunking, false) as is_as_wished,
    twin.id as twin_id, coalesce(twin.status = 'completed', false) as is_twin_completed
  from unnest($3::uuid[], $4::jsonb[], $5::jsonb[]) with ordinality as w(file_id, attributes, chunking, position)
  join memory.files f on f.tenant_id = $1 and f.id = w.file_id
  left join memory.document_states d on d.tenant_id = $1 and d.knowledge_base_id = $2 and d.file_id = w.file_id
  left join lateral (
    select t.id, t.status from memory.files x
    join memory.documents t on t.tenant_id = $1 and t.file_id = x.id
    where x.tenant_id = $1 and x.sha256 = f.sha256 and x.id <> f.id and t.knowledge_base_id = $2
      and t.duplicate_of is null and t.status not in ('failed', 'cancelled')
      and t.attributes = w.attributes and t.chunking is not distinct from w.chunking
    order by t.status = 'completed' desc, t.created_at, t.id limit 1
  ) twin on true
  order by w.position`;

async function insertDocuments(
  tx: EntityManager,
  tenant: TenantContext,
  knowledgeBaseId: string,
  documents: readonly NewDocument[],
  createdAt: string | null = null,
): Promise<void> {
  if (documents.length === 0) return;
  await tx.query(
    `insert into memory.documents (id, tenant_id, knowledge_base_id, created_at, file_id, attributes, chunking, duplicate_of)
     select n.id, $1, $2, coalesce($3::timestamptz, now()), n.file_id, n.attributes, n.chunking, n.duplicate_of
     from unnest($4::uuid[], $5::uuid[], $6::jsonb[], $7::jsonb[], $8::uuid[])
       as n(id, file_id, attributes, chunking, duplicate_of)`,
    [
      tenant.tenantId,
      knowledgeBaseId,
      createdAt,
      documents.map(({ id }) => id),
      documents.map(({ placing }) => placing.fileId),
      documents.map(({ placing }) => storableJson(placing.attributes)),
      documents.map(({ placing }) => (placing.chunking ? JSON.stringify(placing.chunking) : null)),
      documents.map(({ duplicateOf }) => duplicateOf),
    ],
  );
}

async function updateWishes(tx: EntityManager, tenant: TenantContext, documents: readonly Wish[]): Promise<void> {
  if (documents.length === 0) return;
  await tx.query(
    `update memory.documents d set attributes = n.attributes, chunking = n.chunking, updated_at = now()
     from unnest($2::uuid[], $3::jsonb[], $4::jsonb[]) as n(id, attributes, chunking)
     where d.tenant_id = $1 and d.id = n.id`,
    [
      tenant.tenantId,
      documents.map(({ id }) => id),
      documents.map(({ placing }) => storableJson(placing.attributes)),
      documents.map(({ placing }) => (placing.chunking ? JSON.stringify(placing.chunking) : null)),
    ],
  );
}

/** As text, because a Date has no microseconds. */
async function createdAtOf(tx: EntityManager, tenant: TenantContext, id: string): Promise<string> {
  const [row] = await tx.query<{ created_at: string }[]>(
    'select created_at::text from memory.documents where tenant_id = $1 and id = $2',
    [tenant.tenantId, id],
  );
  return row!.created_at;
}
