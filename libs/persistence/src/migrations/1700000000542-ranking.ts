import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { SEARCH_CHUNKS as FIRST_SEARCH_CHUNKS } from './1700000000540-search-explained.js';

/** Cosines of chunks that the words found and the vectors did not: p_table is the embedding space's. */
const VECTOR_SCORES = `
  create function memory.vector_scores(
    p_table text, p_tenant uuid, p_vector halfvec, p_documents uuid[], p_ordinals integer[]
  ) returns table (document_id uuid, ordinal integer, score double precision)
    language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$
    begin
      return query execute format('
        select u.document_id, u.ordinal, e.score
        from unnest($3, $4) as u(document_id, ordinal)
        join memory.documents d on d.tenant_id = $1 and d.id = u.document_id
        cross join lateral (
          select 1 - (e.embedding <=> $2) as score from memory.%I e where e.tenant_id = $1
            and e.document_id = u.document_id and e.version = d.active_version and e.ordinal = u.ordinal offset 0
        ) e', p_table)
        using p_tenant, p_vector, p_documents, p_ordinals;
    end $$;`;

/** BM25 of a chunk c with its norms n, term by term: tf is recovered from the stored component. */
const exactScore = (weights: string, axes: string) => `(
          select sum(t.weight * f.tf * n.most / (f.tf + n.true_norm))
          from unnest(${weights}, ${axes}) as t(weight, axis)
          cross join lateral (select -(c.bm25 <#> t.axis) as component) p
          cross join lateral (select round(p.component * n.stored_norm / (n.most - p.component)) as tf) f
        )`;

/**
 * Every candidate of either leg with the scores of both. \`lexical\` is exact BM25, \`expanded\` the score by which the
 * lexical leg ranks: of the query and, for their shares, the terms of feedback.
 */
const SCORED_CANDIDATES = `
  create function memory.scored_candidates(
    p_tenant uuid, p_bm25 jsonb, p_average_length double precision, p_documents uuid[], p_ordinals integer[],
    p_lexical double precision[], p_vector double precision[], p_weights double precision[], p_axes sparsevec[],
    p_query_factor double precision, p_feedback_weights double precision[], p_feedback_axes sparsevec[]
  ) returns table (
    document_id uuid, ordinal integer, version integer, lexical double precision, expanded double precision,
    vector double precision
  )
    language sql stable set search_path = pg_catalog, public, pg_temp as $$
      select u.document_id, u.ordinal, d.active_version, s.lexical,
        p_query_factor * s.lexical + coalesce(${exactScore('p_feedback_weights', 'p_feedback_axes')}, 0),
        u.vector
      from unnest(p_documents, p_ordinals, p_lexical, p_vector) as u(document_id, ordinal, lexical, vector)
      join memory.documents d on d.tenant_id = p_tenant and d.id = u.document_id
      cross join lateral (
        select c.length, c.bm25 from memory.chunks c where c.tenant_id = p_tenant
          and c.document_id = u.document_id and c.version = d.active_version and c.ordinal = u.ordinal offset 0
      ) c
      cross join lateral (
        select (p_bm25 ->> 'k1')::double precision + 1 as most,
          (p_bm25 ->> 'k1')::double precision * (1 - (p_bm25 ->> 'b')::double precision
            + (p_bm25 ->> 'b')::double precision * c.length / (p_bm25 ->> 'referenceLength')::double precision)
            as stored_norm,
          (p_bm25 ->> 'k1')::double precision * (1 - (p_bm25 ->> 'b')::double precision
            + (p_bm25 ->> 'b')::double precision * c.length / p_average_length) as true_norm
        offset 0
      ) n
      cross join lateral (
        select coalesce(u.lexical, ${exactScore('p_weights', 'p_axes')}, 0) as lexical offset 0
      ) s
    $$;`;

/**
 * Hybrid search. Both legs bring candidates, each of which then gets the scores of both. They are fused by scores (BM25
 * relative to the best, cosines scaled to 0..1 over the candidates) or by reciprocal ranks (Cormack et al. 2009, k = 60),
 * weighted; a leg that found nothing gives its weight to the other.
 * The score of a hit is its fused score relative to the best hit's, times what that one is worth: the share of the
 * query's words, weighted by rarity, that the best lexical hit has (BM25 over the sum of their idf, at most 1) or the best
 * cosine, whichever is more. So scores compare across searches, and a question about something else scores low.
 * Stable, so that all of it sees one snapshot. With the option explain, a first row has nothing but the plan.
 */
const SEARCH_CHUNKS = `
  create or replace function memory.search_chunks(
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
      vector_weight double precision := p_options ->> 'vectorWeight';
      times timestamptz[] := array[clock_timestamp()];
      space_table text;
      total double precision;
      average_length double precision;
      l record;
      v record;
      u record;
      query record;
      language text;
      feedback record;
    begin
      perform memory.assert_tenant(p_tenant);
      if vector_weight < 1 or p_vector is null then
        select array_agg(c.document_id) as documents, array_agg(c.ordinal) as ordinals, array_agg(c.score) as scores
          into l
          from memory.lexical_candidates(p_tenant, p_knowledge_bases, p_terms, p_options -> 'bm25', p_filter, depth,
            (p_options ->> 'allTermsBelow')::integer) c;
      else
        select null::uuid[] as documents, null::integer[] as ordinals, null::double precision[] as scores into l;
      end if;
      times := times || clock_timestamp();

      select array_agg(c.document_id) as documents, array_agg(c.ordinal) as ordinals, array_agg(c.score) as scores,
          min(c.scan) as scan
        into v
        from memory.vector_candidates(p_tenant, p_knowledge_bases, p_space, p_vector, p_filter, depth,
          (p_options ->> 'exactBelow')::integer) c
        where p_vector is not null and vector_weight > 0;
      times := times || clock_timestamp();
      vector_weight := case when l.documents is null then 1 when v.documents is null then 0 else vector_weight end;

      select sum(t.chunks), sum(t.length)::double precision / sum(t.chunks) into total, average_length
        from memory.lexical_totals t
        where t.tenant_id = p_tenant and t.knowledge_base_id = any(p_knowledge_bases);
      if l.documents is not null then
        select c.language into language from memory.documents d
          join memory.chunks c on c.tenant_id = p_tenant and c.document_id = d.id and c.version = d.active_version
          where d.tenant_id = p_tenant and d.id = l.documents[1] and c.ordinal = l.ordinals[1];
      end if;
      with weighted as materialized (
        select w.* from memory.lexical_weights(p_tenant, p_knowledge_bases, p_terms, total) w
        where l.documents is not null
      ), axis as (
        select w.hash, sum(w.count * w.idf) as weight from weighted w where w.is_known group by w.hash
      )
      select (select sum(w.count) from weighted w where language = any(w.languages)) as words,
          (select sum(w.count * w.idf) from weighted w where language = any(w.languages)) as mass,
          array_agg(a.weight order by a.hash) as weights,
          array_agg(('{' || a.hash || ':1}/1000000000')::sparsevec order by a.hash) as axes
        into query from axis a;
      select sum(f.share) as share, array_agg(f.term order by f.share desc, f.term) as terms,
          array_agg(f.share * f.idf order by f.hash) as weights,
          array_agg(('{' || f.hash || ':1}/1000000000')::sparsevec order by f.hash) as axes
        into feedback
        from memory.feedback_terms(p_tenant, p_knowledge_bases, p_options -> 'bm25', p_options -> 'feedback', total,
          l.documents, l.ordinals, l.scores) f
        where cardinality(l.documents) > 1 and query.words > 0 and p_options -> 'feedback' <> 'null';
      times := times || clock_timestamp();

      if v.documents is not null and l.documents is not null then
        select s.table_name into space_table from memory.embedding_spaces s where s.id = p_space;
      end if;
      with lexical as (
        select * from unnest(l.documents, l.ordinals, l.scores) as x(document_id, ordinal, score)
      ), near as (
        select * from unnest(v.documents, v.ordinals, v.scores) as x(document_id, ordinal, score)
      ), missing as (
        select array_agg(x.document_id) as documents, array_agg(x.ordinal) as ordinals
        from lexical x left join near n using (document_id, ordinal)
        where n.score is null and space_table is not null
      ), all_near as (
        select * from near
        union all
        select s.* from missing m cross join lateral
          memory.vector_scores(space_table, p_tenant, p_vector, m.documents, m.ordinals) s
        where m.documents is not null
      )
      select array_agg(document_id) as documents, array_agg(ordinal) as ordinals,
          array_agg(x.score) as lexical, array_agg(n.score) as vector
        into u from lexical x full join all_near n using (document_id, ordinal);

      if (p_options ->> 'explain')::boolean then
        times := times || clock_timestamp();
        plan := json_build_object(
          'lexicalCandidates', coalesce(cardinality(l.documents), 0),
          'feedbackTerms', coalesce(feedback.terms, '{}'),
          'vectorCandidates', coalesce(cardinality(v.documents), 0),
          'vectorScan', coalesce(v.scan, 'none'),
          'vectorWeight', vector_weight,
          'milliseconds', (
            select json_object_agg(s.stage, round(1000 * extract(epoch from times[s.n + 1] - times[s.n]), 3) order by s.n)
            from unnest(array['lexical', 'vector', 'feedback', 'complete']) with ordinality as s(stage, n)));
        return next;
        plan := null;
      end if;

      return query
      with scored as materialized (
        select c.*, rank() over (order by c.expanded desc)::integer as expanded_rank,
          case when c.lexical > 0 then rank() over (order by c.lexical desc)::integer end as lexical_rank,
          case when c.vector is not null then rank() over (order by c.vector desc nulls last)::integer end as vector_rank
        from memory.scored_candidates(p_tenant, p_options -> 'bm25', average_length, u.documents, u.ordinals, u.lexical,
          u.vector, query.weights, query.axes, coalesce((1 - feedback.share) / query.words, 1), feedback.weights,
          feedback.axes) c
      ), fused as (
        select c.*, case
          when by_rank then (1 - vector_weight) * coalesce(1 / (k + case when c.expanded > 0 then c.expanded_rank end), 0)
            + vector_weight * coalesce(1 / (k + c.vector_rank), 0)
          else (1 - vector_weight) * coalesce(c.expanded / nullif(max(c.expanded) over (), 0), 0)
            + vector_weight * coalesce((c.vector - min(c.vector) over ())
                / nullif(max(c.vector) over () - min(c.vector) over (), 0), (c.vector is not null)::integer)
          end as fused
        from scored c
      ), worth as (
        select max(c.fused) as fused, greatest(0, least(1, greatest(
          case when vector_weight < 1 then max(c.lexical) / nullif(query.mass, 0) end,
          case when vector_weight > 0 then max(c.vector) end))) as best
        from fused c
      ), hit as (
        select c.*, w.best * coalesce(c.fused / nullif(w.fused, 0), 1) as score from fused c cross join worth w
      )
      select c.id, c.document_id, d.file_id, c.knowledge_base_id, x.filename, c.ordinal, c.text, d.attributes, c.locator,
        c.version, f.score, nullif(f.lexical, 0), f.lexical_rank, f.vector, f.vector_rank, null::json
      from (
        select * from hit h where h.score >= (p_options ->> 'threshold')::double precision
        order by h.score desc, h.document_id, h.ordinal limit (p_options ->> 'limit')::integer
      ) f
      join memory.documents d on d.tenant_id = p_tenant and d.id = f.document_id
      join memory.files x on x.tenant_id = p_tenant and x.id = d.file_id
      join memory.chunks c on c.tenant_id = p_tenant
        and c.document_id = f.document_id and c.version = f.version and c.ordinal = f.ordinal
      order by f.score desc, f.document_id, f.ordinal;
    end $$;
  revoke execute on function memory.vector_scores, memory.scored_candidates from public;`;

export class Ranking1700000000542 implements MigrationInterface {
  name = 'Ranking1700000000542';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query('set local search_path = public');
    for (const ddl of [VECTOR_SCORES, SCORED_CANDIDATES, SEARCH_CHUNKS]) await queryRunner.query(ddl);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query('set local search_path = public');
    await queryRunner.query(FIRST_SEARCH_CHUNKS.replace('create function', 'create or replace function'));
    await queryRunner.query('drop function memory.scored_candidates, memory.vector_scores');
    await queryRunner.query('set local role none');
  }
}
