import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { NEAREST_BY_INDEX as FIRST_BY_INDEX, NEAREST_EXACTLY as FIRST_EXACTLY } from './1700000000310-memory-search.js';
import { VECTOR_CANDIDATES as FIRST_VECTOR_CANDIDATES } from './1700000000540-search-explained.js';

/** Nodes of the graph that one pass of the index visits; each costs as much as some ten vectors that are compared in turn. */
const VISITS = 400;
/** pgvector's largest pass. A filter may keep just what is far from the query, which short passes then do not reach. */
const MOST_VISITS = 1_000;

/**
 * How the nearest chunks are found. `documents` are those that the filter keeps, null without one; `scope` is how many
 * vectors may be found. The index holds the vectors of all tenants of a partition and knows neither filters nor knowledge
 * bases: to find p_limit of the scope it visits p_limit · (vectors beside it) / scope nodes. The scope is read exactly
 * below p_exact_below vectors, and below as many times more as the index has to visit more than one pass does.
 */
export const VECTOR_PLAN = `
  create function memory.vector_plan(
    p_tenant uuid, p_bases uuid[], p_space uuid, p_filter jsonpath, p_limit integer, p_exact_below integer,
    out space_table text, out documents uuid[], out scope bigint, out visits bigint, out by_index boolean
  )
    language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$
    declare
      vector_bytes integer;
      indexed bigint;
    begin
      select s.table_name, 2 * s.dimensions + 80 into space_table, vector_bytes
        from memory.embedding_spaces s where s.id = p_space;
      if p_filter is null then
        select coalesce(sum(t.chunks), 0) into scope from memory.lexical_totals t
          where t.tenant_id = p_tenant and t.knowledge_base_id = any(p_bases);
      else
        select coalesce(array_agg(d.id), '{}'), coalesce(sum(d.chunk_count), 0) into documents, scope
          from memory.documents d
          where d.tenant_id = p_tenant and d.knowledge_base_id = any(p_bases) and d.active_version is not null
            and d.attributes @@ p_filter;
      end if;
      by_index := false;
      if space_table is null or scope <= p_exact_below then return; end if;
      execute format('
        select pg_relation_size(e.tableoid) / 8192 * greatest(1, 8100 / $2)
        from memory.%I e where e.tenant_id = $1 limit 1', space_table)
        into indexed using p_tenant, vector_bytes;
      visits := greatest(case when p_filter is null then ${VISITS} else ${MOST_VISITS} end,
        p_limit * (indexed::double precision / scope));
      by_index := indexed is not null and scope > p_exact_below * (visits / ${VISITS}.0);
    end $$;`;

/**
 * Called with a plan alone. Index order has to be kept, so whatever would sort instead is switched off. One pass as long
 * as it takes finds better than several short ones; what it does not find in all its passes the caller finds exactly.
 */
const NEAREST_BY_INDEX = `
  create function memory.nearest_by_index(
    p_table text, p_tenant uuid, p_knowledge_bases uuid[], p_documents uuid[], p_vector halfvec, p_limit integer,
    p_visits bigint
  ) returns table (document_id uuid, ordinal integer, distance double precision)
    language plpgsql stable
    set search_path = pg_catalog, public, pg_temp
    set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off
    set hnsw.iterative_scan = 'relaxed_order' set hnsw.ef_search = ${VISITS} set hnsw.max_scan_tuples = 20000
    set hnsw.scan_mem_multiplier = 8 as $$
    begin
      perform set_config('hnsw.ef_search', least(${MOST_VISITS}, p_visits)::text, true);
      perform set_config('hnsw.max_scan_tuples', least(1000000, greatest(20000, p_visits * 10))::text, true);
      return query execute format('
        select e.document_id, e.ordinal, e.embedding <=> $3 from memory.%I e
        where e.tenant_id = $1 and e.knowledge_base_id = any($2) and ($4 is null or e.document_id = any($4))
          and e.version = (
            select d.active_version from memory.documents d where d.tenant_id = $1 and d.id = e.document_id)
        order by e.embedding <=> $3 limit $5', p_table)
        using p_tenant, p_knowledge_bases, p_vector, p_documents, p_limit;
    end $$;`;

/** Reads the vectors of one document after another, with or without statistics, and never the approximate index. */
const NEAREST_EXACTLY = `
  create function memory.nearest_exactly(
    p_table text, p_tenant uuid, p_knowledge_bases uuid[], p_documents uuid[], p_vector halfvec, p_limit integer
  ) returns table (document_id uuid, ordinal integer, distance double precision)
    language plpgsql stable set search_path = pg_catalog, public, pg_temp set jit = off as $$
    begin
      return query execute format('
        select d.id, n.ordinal, n.distance
        from memory.documents d cross join lateral (
          select e.ordinal, e.embedding <=> $3 as distance from memory.%I e
          where e.tenant_id = $1 and e.document_id = d.id and e.version = d.active_version
          offset 0
        ) n
        where d.tenant_id = $1 and d.knowledge_base_id = any($2) and ($4 is null or d.id = any($4))
        order by n.distance, d.id, n.ordinal limit $5', p_table)
        using p_tenant, p_knowledge_bases, p_vector, p_documents, p_limit;
    end $$;`;

/**
 * The nearest chunks by cosine, found as memory.vector_plan says: exact in small scopes, where the index would return too
 * few, and wherever the index did. Says which of the two it was. Only knowledge bases that are searched in this embedding
 * space take part.
 */
const VECTOR_CANDIDATES = `
  create or replace function memory.vector_candidates(
    p_tenant uuid, p_knowledge_bases uuid[], p_space uuid, p_vector halfvec, p_filter jsonpath, p_limit integer,
    p_exact_below integer
  ) returns table (document_id uuid, ordinal integer, score double precision, scan text)
    language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$
    declare
      plan record;
      bases uuid[];
      documents uuid[];
      ordinals integer[];
      distances double precision[];
    begin
      bases := array(select k.id from memory.knowledge_bases k
        where k.tenant_id = p_tenant and k.id = any(p_knowledge_bases) and k.embedding_space_id = p_space);
      plan := memory.vector_plan(p_tenant, bases, p_space, p_filter, p_limit, p_exact_below);
      if plan.space_table is null or plan.scope = 0 then return; end if;
      if plan.by_index then
        select array_agg(n.document_id), array_agg(n.ordinal), array_agg(n.distance)
          into documents, ordinals, distances
          from memory.nearest_by_index(plan.space_table, p_tenant, bases, plan.documents, p_vector, p_limit,
            plan.visits) n;
        if cardinality(documents) >= least(p_limit, plan.scope) then
          return query select n.document_id, n.ordinal, 1 - n.distance, 'index'
            from unnest(documents, ordinals, distances) as n(document_id, ordinal, distance)
            order by n.distance, n.document_id, n.ordinal;
          return;
        end if;
      end if;
      return query select n.document_id, n.ordinal, 1 - n.distance, 'exact'
        from memory.nearest_exactly(plan.space_table, p_tenant, bases, plan.documents, p_vector, p_limit) n;
    end $$;`;

/**
 * Which share of the p_top nearest chunks a search by the index finds: what it found, and the same search done exactly,
 * in one snapshot. Null when the search would not use the index, or finds nothing either way. Equally near is equally
 * good.
 */
const VECTOR_RECALL = `
  create function memory.vector_recall(
    p_tenant uuid, p_knowledge_bases uuid[], p_space uuid, p_vector halfvec, p_filter jsonpath, p_options jsonb
  ) returns double precision
    language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    declare
      top constant integer := p_options ->> 'top';
      depth constant integer := p_options ->> 'candidates';
      bases uuid[];
      plan record;
      recall double precision;
    begin
      perform memory.assert_tenant(p_tenant);
      bases := array(select k.id from memory.knowledge_bases k
        where k.tenant_id = p_tenant and k.id = any(p_knowledge_bases) and k.embedding_space_id = p_space);
      plan := memory.vector_plan(p_tenant, bases, p_space, p_filter, depth,
        (p_options ->> 'exactBelow')::integer);
      if plan.by_index is not true then return null; end if;
      with found as materialized (
        select n.distance from memory.nearest_by_index(plan.space_table, p_tenant, bases, plan.documents, p_vector,
          depth, plan.visits) n
        order by n.distance limit top
      ), nearest as materialized (
        select n.distance from memory.nearest_exactly(plan.space_table, p_tenant, bases, plan.documents, p_vector,
          top) n
      )
      select least(1, (select count(*) from found f where f.distance <= (select max(n.distance) from nearest n) + 1e-7)
          / nullif((select count(*) from nearest), 0)::double precision)
        into recall;
      return recall;
    end $$;
  revoke execute on function memory.vector_plan, memory.vector_candidates, memory.nearest_by_index,
    memory.nearest_exactly, memory.vector_recall from public;
  grant execute on function memory.vector_recall to parley_memory;`;

/** The settings of pgvector are known once its library is loaded, which its first use does. */
const LOAD_PGVECTOR = `select '[1]'::public.halfvec`;

const DROP_NEAREST = 'drop function memory.nearest_by_index, memory.nearest_exactly';

export class VectorPlan1700000000550 implements MigrationInterface {
  name = 'VectorPlan1700000000550';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(LOAD_PGVECTOR);
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query('set local search_path = public');
    await queryRunner.query(DROP_NEAREST);
    const functions = [VECTOR_PLAN, NEAREST_BY_INDEX, NEAREST_EXACTLY, VECTOR_CANDIDATES, VECTOR_RECALL];
    for (const ddl of functions) await queryRunner.query(ddl);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(LOAD_PGVECTOR);
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query('set local search_path = public');
    await queryRunner.query('drop function memory.vector_recall, memory.vector_plan');
    await queryRunner.query(DROP_NEAREST);
    for (const ddl of [FIRST_BY_INDEX, FIRST_EXACTLY]) await queryRunner.query(ddl);
    await queryRunner.query(FIRST_VECTOR_CANDIDATES.replace('create function', 'create or replace function'));
    await queryRunner.query('set local role none');
  }
}
