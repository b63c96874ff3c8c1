/** An embedding space as JSON, of a row named by the alias. */
export const spaceJson = (alias: string) => `jsonb_build_object('id', ${alias}.id, 'model', ${alias}.model,
  'dimensions', ${alias}.dimensions, 'state', ${alias}.state, 'tableName', ${alias}.table_name,
  'vectorWeight', ${alias}.vector_weight)`;

/** The space that is not searched: what is filled before a switch, and kept up to date after it. */
export const OTHER_SPACE = `case m.status when 'switched' then m.from_space_id else m.to_space_id end`;

/** Held shared by whoever writes vectors, exclusively by whoever changes spaces; as in the functions of the database. */
export const SPACES_LOCK = 530;

export const OPEN = `('filling', 'ready', 'switched')`;

/** Searchable chunks of a knowledge base ($1 tenant, $2 knowledge base) that have no vector in a table. */
export const missingVectors = (table: string) => `
  memory.documents d
  join memory.chunks c on c.tenant_id = $1 and c.document_id = d.id and c.version = d.active_version
  where d.tenant_id = $1 and d.knowledge_base_id = $2 and d.active_version is not null
    and not exists (select from memory.${table} e where e.tenant_id = $1 and e.document_id = d.id
      and e.version = d.active_version and e.ordinal = c.ordinal)`;
