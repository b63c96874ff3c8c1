import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Functions that run as the owner see every tenant: they are told the tenant and check that it is the transaction's. */
const TENANT_CHECK = `
  create function memory.assert_tenant(p_tenant uuid) returns void
    language plpgsql stable set search_path = pg_catalog, pg_temp as $$
    begin
      if p_tenant is null or p_tenant is distinct from nullif(current_setting('parley.tenant_id', true), '')::uuid then
        raise exception 'not the tenant of this transaction' using errcode = 'insufficient_privilege';
      end if;
    end $$;`;

/**
 * The best chunks by exact BM25 over the given knowledge bases taken as one collection.
 * Candidates are the chunks with one of the query's terms; from p_all_terms_below chunks on, terms in more than a tenth
 * of them count for the score but do not find, unless the rarer ones find fewer than p_limit.
 * A candidate's stored vector is BM25's document side for a constant average length; for the true average every
 * component is off by a factor between 1 and (1 + K stored) / (1 + K true), K = k1(1-b+b·length/average). One inner
 * product therefore bounds the score from both sides, and only chunks whose upper bound reaches the p_limit-th lower
 * bound are scored term by term, tf being recovered from the component. (For 11,000 candidates and 8 terms the inner
 * product took 29 ms, scoring all of them term by term 87.) The steps are kept apart, because a planner that has no
 * statistics yet, as after the first upload and always in the embedded server, would otherwise compare every chunk's terms.
 */
const LEXICAL_CANDIDATES = `
  create function memory.lexical_candidates(
    p_tenant uuid, p_knowledge_bases uuid[], p_terms jsonb, p_bm25 jsonb, p_filter jsonpath, p_limit integer,
    p_all_terms_below integer
  ) returns table (document_id uuid, ordinal integer, score double precision)
    language plpgsql stable
    set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_custom_plan as $$
    declare
      k1 constant double precision := p_bm25 ->> 'k1';
      b constant double precision := p_bm25 ->> 'b';
      reference_length constant double precision := p_bm25 ->> 'referenceLength';
      total double precision;
      average_length double precision;
      present text[];
      matching tsquery;
      query_vector sparsevec;
      weights double precision[];
      axes sparsevec[];
      eligible uuid[];
    begin
      select sum(t.chunks), sum(t.length) / sum(t.chunks), array_agg(t.language)
        into total, average_length, present
        from (
          select s.language, sum(s.chunks) as chunks, sum(s.length) as length from memory.lexical_totals s
          where s.tenant_id = p_tenant and s.knowledge_base_id = any(p_knowledge_bases)
          group by s.language having sum(s.chunks) > 0
        ) t;
      with wanted as (
        select q.term, q.hash, max(q.count) as count
        from jsonb_to_recordset(p_terms) as q(term text, hash integer, count integer, languages text[])
        where q.languages && present
        group by q.term, q.hash
      ), known as (
        select w.term, w.hash, w.count, f.chunks from wanted w cross join lateral (
          select sum(s.chunks)::double precision as chunks from memory.lexical_terms s
          where s.tenant_id = p_tenant and s.knowledge_base_id = any(p_knowledge_bases) and s.term = w.term
        ) f where f.chunks > 0
      ), weighted as (
        select k.*, k.count * ln(1 + (total - k.chunks + 0.5) / (k.chunks + 0.5)) as weight from known k
        order by weight desc, k.term limit 64
      ), ranked as (
        select w.*, sum(w.chunks) over (order by w.chunks, w.term rows unbounded preceding) - w.chunks as rarer
        from weighted w
      ), axis as (
        select r.hash, sum(r.weight) as weight from ranked r group by r.hash
      )
      select
        (select ('(' || (select string_agg(quote_literal('#' || k.id), '|') from unnest(p_knowledge_bases) k(id))
            || ') & (' || string_agg(quote_literal(r.term), '|') || ')')::tsquery
          from ranked r where total < p_all_terms_below or r.chunks <= total * 0.1 or r.rarer < p_limit),
        ('{' || string_agg(a.hash || ':' || a.weight::real, ',' order by a.hash) || '}/1000000000')::sparsevec,
        array_agg(a.weight order by a.hash),
        array_agg(('{' || a.hash || ':1}/1000000000')::sparsevec order by a.hash)
        into matching, query_vector, weights, axes from axis a;
      if matching is null then return; end if;

      if p_filter is not null then
        eligible := array(select d.id from memory.documents d
          where d.tenant_id = p_tenant and d.knowledge_base_id = any(p_knowledge_bases) and d.attributes @@ p_filter);
      end if;

      return query
      with matched as materialized (
        select c.document_id, c.version, c.ordinal, c.length, -(c.bm25 <#> query_vector) as stored
        from memory.chunks c
        where c.tenant_id = p_tenant and c.lexical @@ matching
          and (eligible is null or c.document_id = any(eligible))
      ), candidate as materialized (
        select m.*, n.stored_norm, n.true_norm, (1 + n.stored_norm) / (1 + n.true_norm) as correction
        from matched m
        join memory.documents d on d.tenant_id = p_tenant and d.id = m.document_id and d.active_version = m.version
        cross join lateral (
          select k1 * (1 - b + b * m.length / reference_length) as stored_norm,
            k1 * (1 - b + b * m.length / average_length) as true_norm
        ) n
      ), bound as (
        select min(l.low) as low from (
          select k.stored * least(k.correction, 1) * 0.9999 as low from candidate k order by low desc limit p_limit
        ) l
      )
      select k.document_id, k.ordinal, exact.score
      from candidate k
      cross join lateral (
        select c.bm25 from memory.chunks c where c.tenant_id = p_tenant
          and c.document_id = k.document_id and c.version = k.version and c.ordinal = k.ordinal offset 0
      ) c
      cross join lateral (
        select sum(t.weight * f.tf * (k1 + 1) / (f.tf + k.true_norm)) as score
        from unnest(weights, axes) as t(weight, axis)
        cross join lateral (select -(c.bm25 <#> t.axis) as component) p
        cross join lateral (select round(p.component * k.stored_norm / (k1 + 1 - p.component)) as tf) f
      ) exact
      where k.stored * greatest(k.correction, 1) >= (select low from bound)
      order by exact.score desc, k.document_id, k.ordinal
      limit p_limit;
    end $$;`;

/** Called by vector_candidates alone: index order has to be kept, so whatever would sort instead is switched off. */
export const NEAREST_BY_INDEX = `
  create function memory.nearest_by_index(
    p_table text, p_tenant uuid, p_knowledge_bases uuid[], p_vector halfvec, p_filter jsonpath, p_limit integer
  ) returns table (document_id uuid, ordinal integer, distance double precision)
    language plpgsql stable
    set search_path = pg_catalog, public, pg_temp
    set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
    set hnsw.iterative_scan = 'relaxed_order' set hnsw.ef_search = 400 as $$
    begin
      return query execute format('
        select e.document_id, e.ordinal, e.embedding <=> $3 from memory.%I e
        where e.tenant_id = $1 and e.knowledge_base_id = any($2) and e.version = (
          select d.active_version from memory.documents d
          where d.tenant_id = $1 and d.id = e.document_id and ($4 is null or d.attributes @@ $4))
        order by e.embedding <=> $3 limit $5', p_table)
        using p_tenant, p_knowledge_bases, p_vector, p_filter, p_limit;
    end $$;`;

/** Reads the vectors of one document after another, with or without statistics, and never the approximate index. */
export const NEAREST_EXACTLY = `
  create function memory.nearest_exactly(
    p_table text, p_tenant uuid, p_knowledge_bases uuid[], p_vector halfvec, p_filter jsonpath, p_limit integer
  ) returns table (document_id uuid, ordinal integer, distance double precision)
    language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$
    begin
      return query execute format('
        select d.id, n.ordinal, n.distance
        from memory.documents d cross join lateral (
          select e.ordinal, e.embedding <=> $3 as distance from memory.%I e
          where e.tenant_id = $1 and e.document_id = d.id and e.version = d.active_version
          offset 0
        ) n
        where d.tenant_id = $1 and d.knowledge_base_id = any($2) and ($4 is null or d.attributes @@ $4)
        order by n.distance, d.id, n.ordinal limit $5', p_table)
        using p_tenant, p_knowledge_bases, p_vector, p_filter, p_limit;
    end $$;`;

/**
 * The nearest chunks by cosine: exact in small scopes, where the index would return too few, and wherever the index did.
 * Only knowledge bases that are searched in this embedding space take part.
 */
export const VECTOR_CANDIDATES = `
  create function memory.vector_candidates(
    p_tenant uuid, p_knowledge_bases uuid[], p_space uuid, p_vector halfvec, p_filter jsonpath, p_limit integer,
    p_exact_below integer
  ) returns table (document_id uuid, ordinal integer, score double precision)
    language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$
    declare
      space_table text;
      bases uuid[];
      scope bigint;
      documents uuid[];
      ordinals integer[];
      distances double precision[];
    begin
      select s.table_name into space_table from memory.embedding_spaces s where s.id = p_space;
      bases := array(select k.id from memory.knowledge_bases k
        where k.tenant_id = p_tenant and k.id = any(p_knowledge_bases) and k.embedding_space_id = p_space);
      if p_filter is null then
        select sum(t.chunks) into scope from memory.lexical_totals t
          where t.tenant_id = p_tenant and t.knowledge_base_id = any(bases);
      else
        select sum(d.chunk_count) into scope from memory.documents d
          where d.tenant_id = p_tenant and d.knowledge_base_id = any(bases) and d.active_version is not null
            and d.attributes @@ p_filter;
      end if;
      if space_table is null or coalesce(scope, 0) = 0 then return; end if;
      if scope > p_exact_below then
        select array_agg(n.document_id), array_agg(n.ordinal), array_agg(n.distance)
          into documents, ordinals, distances
          from memory.nearest_by_index(space_table, p_tenant, bases, p_vector, p_filter, p_limit) n;
        if cardinality(documents) >= least(p_limit, scope) then
          return query select n.document_id, n.ordinal, 1 - n.distance
            from unnest(documents, ordinals, distances) as n(document_id, ordinal, distance)
            order by n.distance, n.document_id, n.ordinal;
          return;
        end if;
      end if;
      return query select n.document_id, n.ordinal, 1 - n.distance
        from memory.nearest_exactly(space_table, p_tenant, bases, p_vector, p_filter, p_limit) n;
    end $$;`;

/**
 * Hybrid search: both legs' candidates, each leg's scores scaled to 0..1 over its candidates, summed by weight. A leg
 * without candidates gives its weight to the other. Stable, so that all of it sees one snapshot.
 */
export const SEARCH_CHUNKS = `
  create function memory.search_chunks(
    p_tenant uuid, p_knowledge_bases uuid[], p_terms jsonb, p_space uuid, p_vector halfvec, p_filter jsonpath,
    p_options jsonb
  ) returns table (
    chunk_id uuid, document_id uuid, file_id uuid, knowledge_base_id uuid, filename text, ordinal integer, text text,
    attributes jsonb, locator jsonb, score double precision, lexical_score double precision,
    vector_score double precision
  )
    language plpgsql stable security definer
    set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
    #variable_conflict use_column
    declare
      depth constant integer := p_options ->> 'candidates';
    begin
      perform memory.assert_tenant(p_tenant);
      return query
      with lexical as materialized (
        select l.*, coalesce((l.score - min(l.score) over ()) / nullif(max(l.score) over () - min(l.score) over (), 0), 1)
          as scaled
        from memory.lexical_candidates(p_tenant, p_knowledge_bases, p_terms, p_options -> 'bm25', p_filter, depth,
          (p_options ->> 'allTermsBelow')::integer) l
      ), semantic as materialized (
        select v.*, coalesce((v.score - min(v.score) over ()) / nullif(max(v.score) over () - min(v.score) over (), 0), 1)
          as scaled
        from memory.vector_candidates(p_tenant, p_knowledge_bases, p_space, p_vector, p_filter, depth,
          (p_options ->> 'exactBelow')::integer) v
      ), weight as (
        select case
          when not exists (select from lexical) then 1
          when not exists (select from semantic) then 0
          else (p_options ->> 'vectorWeight')::double precision end as semantic
      ), fused as (
        select document_id, ordinal, l.score as lexical_score, s.score as vector_score,
          (1 - w.semantic) * coalesce(l.scaled, 0) + w.semantic * coalesce(s.scaled, 0) as score
        from lexical l full join semantic s using (document_id, ordinal) cross join weight w
      )
      select c.id, c.document_id, d.file_id, c.knowledge_base_id, x.filename, c.ordinal, c.text, d.attributes, c.locator,
        f.score, f.lexical_score, f.vector_score
      from (
        select * from fused u where u.score >= (p_options ->> 'threshold')::double precision
        order by u.score desc, u.document_id, u.ordinal limit (p_options ->> 'limit')::integer
      ) f
      join memory.documents d on d.tenant_id = p_tenant and d.id = f.document_id
      join memory.files x on x.tenant_id = p_tenant and x.id = d.file_id
      join memory.chunks c on c.tenant_id = p_tenant
        and c.document_id = f.document_id and c.version = d.active_version and c.ordinal = f.ordinal
      order by f.score desc, f.document_id, f.ordinal;
    end $$;
  revoke execute on all functions in schema memory from public;
  grant execute on function memory.search_chunks to parley_memory;`;

const FUNCTIONS = [
  TENANT_CHECK,
  LEXICAL_CANDIDATES,
  NEAREST_BY_INDEX,
  NEAREST_EXACTLY,
  VECTOR_CANDIDATES,
  SEARCH_CHUNKS,
];

/** pgvector's settings are known once its library is loaded, which its first use does. */
const LOAD_PGVECTOR = `select '[1]'::public.halfvec`;

export class MemorySearch1700000000310 implements MigrationInterface {
  name = 'MemorySearch1700000000310';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(LOAD_PGVECTOR);
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query('set local search_path = public');
    for (const ddl of FUNCTIONS) await queryRunner.query(ddl);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop function memory.search_chunks, memory.vector_candidates, memory.nearest_exactly, memory.nearest_by_index,
        memory.lexical_candidates, memory.assert_tenant`);
  }
}
