import { type MigrationInterface, type QueryRunner } from 'typeorm';
import {
  SEARCH_CHUNKS as FIRST_SEARCH_CHUNKS,
  VECTOR_CANDIDATES as FIRST_VECTOR_CANDIDATES,
} from './1700000000310-memory-search.js';

/**
 * The nearest chunks by cosine: exact in small scopes, where the index would return too few, and wherever the index did.
 * Says which of the two it was. Only knowledge bases that are searched in this embedding space take part.
 */
export const VECTOR_CANDIDATES = `
  create function memory.vector_candidates(
    p_tenant uuid, p_knowledge_bases uuid[], p_space uuid, p_vector halfvec, p_filter jsonpath, p_limit integer,
    p_exact_below integer
  ) returns table (document_id uuid, ordinal integer, score double precision, scan text)
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
          return query select n.document_id, n.ordinal, 1 - n.distance, 'index'
            from unnest(documents, ordinals, distances) as n(document_id, ordinal, distance)
            order by n.distance, n.document_id, n.ordinal;
          return;
        end if;
      end if;
      return query select n.document_id, n.ordinal, 1 - n.distance, 'exact'
        from memory.nearest_exactly(space_table, p_tenant, bases, p_vector, p_filter, p_limit) n;
    end $$;`;

/**
 * Hybrid search. Both legs' candidates are fused by scores (each leg's scaled to 0..1 over its candidates) or by
 * reciprocal ranks (Cormack et al. 2009, k = 60; the first of both legs gets 1), weighted. A leg without candidates gives
 * its weight to the other. Stable, so that all of it sees one snapshot. With the option explain, a first row has nothing
 * but the plan.
 */
export const SEARCH_CHUNKS = `
  create function memory.search_chunks(
    p_tenant uuid, p_knowledge_bases uuid[], p_terms jsonb, p_space uuid, p_vector halfvec, p_filter jsonpath,
    p_options jsonb
  ) returns table (
    chunk_id uuid, document_id uuid, file_id uuid, knowledge_base_id uuid, filename text, ordinal integer, text text,
    attributes jsonb, locator jsonb, version integer, score double precision,
    lexical_score double precision, lexical_rank integer, vector_score double precision, vector_rank integer, plan json
  )
    language plpgsql stable security definer
    set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
    #variable_conflict use_column
    declare
      depth constant integer := p_options ->> 'candidates';
      by_rank constant boolean := p_options ->> 'fusion' = 'rrf';
      k constant double precision := 60;
      times timestamptz[] := array[clock_timestamp()];
      l_documents uuid[] ;
      l_ordinals integer[] ;
      l_scores double precision[] ;
      v_documents uuid[] ;
      v_ordinals integer[] ;
      v_scores double precision[];
      v_scan text;
      vector_weight double precision := p_options ->> 'vectorWeight';
    begin
      perform memory.assert_tenant(p_tenant);
      select array_agg(l.document_id), array_agg(l.ordinal), array_agg(l.score)
        into l_documents, l_ordinals, l_scores
        from memory.lexical_candidates(p_tenant, p_knowledge_bases, p_terms, p_options -> 'bm25', p_filter, depth,
          (p_options ->> 'allTermsBelow')::integer) l;
      times := times || clock_timestamp();
      select array_agg(v.document_id), array_agg(v.ordinal), array_agg(v.score), min(v.scan)
        into v_documents, v_ordinals, v_scores, v_scan
        from memory.vector_candidates(p_tenant, p_knowledge_bases, p_space, p_vector, p_filter, depth,
          (p_options ->> 'exactBelow')::integer) v;
      times := times || clock_timestamp();
      vector_weight := case when l_documents is null then 1 when v_documents is null then 0 else vector_weight end;
      if (p_options ->> 'explain')::boolean then
        plan := json_build_object(
          'lexicalCandidates', coalesce(cardinality(l_documents), 0),
          'vectorCandidates', coalesce(cardinality(v_documents), 0),
          'vectorScan', coalesce(v_scan, 'none'),
          'vectorWeight', vector_weight,
          'milliseconds', json_build_object(
            'lexical', round(1000 * extract(epoch from times[2] - times[1]), 3),
            'vector', round(1000 * extract(epoch from times[3] - times[2]), 3)));
        return next;
        plan := null;
      end if;
      return query
      with lexical as (
        select l.document_id, l.ordinal, l.score, l.rank::integer,
          case when by_rank then (k + 1) / (k + l.rank)
            else coalesce((l.score - min(l.score) over ()) / nullif(max(l.score) over () - min(l.score) over (), 0), 1)
          end as scaled
        from unnest(l_documents, l_ordinals, l_scores) with ordinality as l(document_id, ordinal, score, rank)
      ), semantic as (
        select v.document_id, v.ordinal, v.score, v.rank::integer,
          case when by_rank then (k + 1) / (k + v.rank)
            else coalesce((v.score - min(v.score) over ()) / nullif(max(v.score) over () - min(v.score) over (), 0), 1)
          end as scaled
        from unnest(v_documents, v_ordinals, v_scores) with ordinality as v(document_id, ordinal, score, rank)
      ), fused as (
        select document_id, ordinal, l.score as lexical_score, l.rank as lexical_rank,
          s.score as vector_score, s.rank as vector_rank,
          (1 - vector_weight) * coalesce(l.scaled, 0) + vector_weight * coalesce(s.scaled, 0) as score
        from lexical l full join semantic s using (document_id, ordinal)
      )
      select c.id, c.document_id, d.file_id, c.knowledge_base_id, x.filename, c.ordinal, c.text, d.attributes, c.locator,
        c.version, f.score, f.lexical_score, f.lexical_rank, f.vector_score, f.vector_rank, null::json
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
  revoke execute on function memory.search_chunks, memory.vector_candidates from public;
  grant execute on function memory.search_chunks to parley_memory;`;

export class SearchExplained1700000000540 implements MigrationInterface {
  name = 'SearchExplained1700000000540';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query('set local search_path = public');
    await queryRunner.query('drop function memory.search_chunks, memory.vector_candidates');
    await queryRunner.query(VECTOR_CANDIDATES);
    await queryRunner.query(SEARCH_CHUNKS);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query('set local search_path = public');
    await queryRunner.query('drop function memory.search_chunks, memory.vector_candidates');
    await queryRunner.query(FIRST_VECTOR_CANDIDATES);
    await queryRunner.query(FIRST_SEARCH_CHUNKS);
    await queryRunner.query('set local role none');
  }
}
