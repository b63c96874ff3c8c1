import { type Attributes, type TenantContext } from '@parley/contracts';
import { storableJson } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { type DocumentEntity } from './document.entity.js';

/** What a file is to be in a knowledge base. */
export interface Placing {
  fileId: string;
  attributes: Attributes;
  chunking: DocumentEntity['chunking'];
}

/** A placing beside what there is: the file's document, and another one with the content and wishes that it asks for. */
export interface Situation {
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

export interface Wish {
  id: string;
  placing: Placing;
}

export interface NewDocument {
  id: string;
  placing: Placing;
  duplicateOf: string | null;
}

/**
 * In the order of the placings; files that do not exist are left out. A twin is a document of another file with the same
 * content, attributes and chunking, both uploaded and not fetched from pages, that neither failed nor was cancelled and has chunks of its own, or will have.
 */
export async function situationsOf(
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
    f.sha256 || coalesce(f.source_url, '') || w.attributes::text || coalesce(w.chunking::text, '') as content_key,
    d.id as document_id, coalesce(d.status in ('failed', 'cancelled'), false) as is_dead,
    d.duplicate_of is not null as is_duplicate, d.active_version is not null as is_searchable,
    exists (select from memory.documents a where a.tenant_id = $1 and a.duplicate_of = d.id) as has_duplicates,
    coalesce(d.attributes = w.attributes and d.chunking is not distinct from w.chunking, false) as is_as_wished,
    twin.id as twin_id, coalesce(twin.status = 'completed', false) as is_twin_completed
  from unnest($3::uuid[], $4::jsonb[], $5::jsonb[]) with ordinality as w(file_id, attributes, chunking, position)
  join memory.files f on f.tenant_id = $1 and f.id = w.file_id
  left join lateral (
    select s.* from memory.document_states s
    where s.tenant_id = $1 and s.knowledge_base_id = $2 and s.file_id = w.file_id limit 1
  ) d on true
  left join lateral (
    select t.id, t.status from memory.files x
    cross join lateral (
      select p.* from memory.documents p
      where p.tenant_id = $1 and p.knowledge_base_id = $2 and p.file_id = x.id limit 1
    ) t
    where x.tenant_id = $1 and x.sha256 = f.sha256 and x.id <> f.id and coalesce(x.source_url, f.source_url) is null
      and t.duplicate_of is null and t.status not in ('failed', 'cancelled')
      and t.attributes = w.attributes and t.chunking is not distinct from w.chunking
    order by t.status = 'completed' desc, t.created_at, t.id limit 1
  ) twin on true
  order by w.position`;

export async function insertDocuments(
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

export async function updateWishes(
  tx: EntityManager,
  tenant: TenantContext,
  documents: readonly Wish[],
): Promise<void> {
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
export async function createdAtOf(tx: EntityManager, tenant: TenantContext, id: string): Promise<string> {
  const [row] = await tx.query<{ created_at: string }[]>(
    'select created_at::text from memory.documents where tenant_id = $1 and id = $2',
    [tenant.tenantId, id],
  );
  return row!.created_at;
}
