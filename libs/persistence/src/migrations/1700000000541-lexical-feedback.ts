import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * The dimension of a term, as the library's termHash: FNV-1a over UTF-16 units, mixed by MurmurHash3's finalizer, whose
 * factor is split so that no product leaves 64 bits.
 */
const TERM_HASH = `
  create function memory.term_hash(p_term text) returns integer
    language plpgsql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
    declare
      hash bigint := 2166136261;
      letter text;
      code integer;
    begin
      foreach letter in array string_to_array(p_term, null) loop
        code := ascii(letter);
        if code > 65535 then
          hash := ((hash # (55296 + ((code - 65536) >> 10))) * 16777619) & 4294967295;
          code := 56320 + ((code - 65536) & 1023);
        end if;
        hash := ((hash # code) * 16777619) & 4294967295;
      end loop;
      hash := hash # (hash >> 16);
      hash := (((hash * 34283 & 65535) << 16) + hash * 51819) & 4294967295;
      hash := hash # (hash >> 13);
      hash := (((hash * 49842 & 65535) << 16) + hash * 44597) & 4294967295;
      return (hash # (hash >> 16)) % 1000000000 + 1;
    end $$;`;

/** Terms of a query with their rarity in the scope; those that no chunk holds are the rarest, and not known. */
const LEXICAL_WEIGHTS = `
  create function memory.lexical_weights(
    p_tenant uuid, p_knowledge_bases uuid[], p_terms jsonb, p_total double precision
  ) returns table (term text, hash integer, count integer, languages text[], idf double precision, is_known boolean)
    language sql stable set search_path = pg_catalog, pg_temp as $$
      select q.term, q.hash, q.count, q.languages, ln(1 + (p_total - f.chunks + 0.5) / (f.chunks + 0.5)), f.chunks > 0
      from jsonb_to_recordset(p_terms) as q(term text, hash integer, count integer, languages text[])
      cross join lateral (
        select coalesce(sum(s.chunks), 0)::double precision as chunks from memory.lexical_terms s
        where s.tenant_id = p_tenant and s.knowledge_base_id = any(p_knowledge_bases) and s.term = q.term
      ) f
    $$;`;

/**
 * Pseudo-relevance feedback (RM3, Lavrenko and Croft 2001; Abdul-Jaleel et al. 2004): the terms of the best chunks, and
 * the share that each deserves in the query. BM25 is a logarithm of odds, so a chunk counts with exp(score): where one
 * chunk stands out, as for a question with one answer, the others have no say. A chunk shorter than the prior length is
 * a poor sample of its subject and counts for less. Frequencies are recovered from the chunk's bm25, see
 * memory.lexical_candidates.
 */
const FEEDBACK_TERMS = `
  create function memory.feedback_terms(
    p_tenant uuid, p_knowledge_bases uuid[], p_bm25 jsonb, p_feedback jsonb, p_total double precision,
    p_documents uuid[], p_ordinals integer[], p_scores double precision[]
  ) returns table (term text, hash integer, share double precision, idf double precision)
    language sql stable set search_path = pg_catalog, public, pg_temp as $$
      with setting as (
        select (p_bm25 ->> 'k1')::double precision as k1, (p_bm25 ->> 'b')::double precision as b,
          (p_bm25 ->> 'referenceLength')::double precision as reference_length,
          (p_feedback ->> 'priorLength')::double precision as prior_length,
          (p_feedback ->> 'share')::double precision as share,
          (p_feedback ->> 'terms')::integer as terms
      ), best as (
        select b.document_id, b.ordinal, exp(b.score - p_scores[1]) as odds
        from unnest(p_documents, p_ordinals, p_scores) with ordinality as b(document_id, ordinal, score, rank)
        where b.rank <= (p_feedback ->> 'chunks')::integer and b.score > p_scores[1] - 4.6
      ), chunk as materialized (
        select c.lexical, c.bm25, c.length, b.odds / sum(b.odds) over () as belief
        from best b
        join memory.documents d on d.tenant_id = p_tenant and d.id = b.document_id
        cross join lateral (
          select c.lexical, c.bm25, c.length from memory.chunks c where c.tenant_id = p_tenant
            and c.document_id = b.document_id and c.version = d.active_version and c.ordinal = b.ordinal offset 0
        ) c
      ), component as (
        select k.belief / (k.length + s.prior_length) as weight, split_part(p.pair, ':', 1)::integer as hash,
          s.k1 * (1 - s.b + s.b * k.length / s.reference_length) as norm, s.k1 + 1 as most,
          split_part(p.pair, ':', 2)::double precision as value
        from chunk k cross join setting s
        cross join lateral unnest(string_to_array(split_part(ltrim(k.bm25::text, '{'), '}', 1), ',')) as p(pair)
        where p.pair <> ''
      ), name as (
        select h.hash, min(t.term) as term
        from (select distinct l.term from chunk k cross join lateral unnest(tsvector_to_array(k.lexical)) as l(term)
          where l.term not like '#%') t
        cross join lateral (select memory.term_hash(t.term) as hash) h
        group by h.hash
      ), likely as (
        select n.term, c.hash, sum(c.weight * round(c.value * c.norm / (c.most - c.value))) as probability
        from component c join name n using (hash) group by n.term, c.hash
        order by probability desc, n.term collate "C" limit (select s.terms from setting s)
      )
      select l.term, l.hash,
        s.share * (select sum(k.belief * k.length / (k.length + s.prior_length)) from chunk k)
          * l.probability / sum(l.probability) over (),
        ln(1 + (p_total - f.chunks + 0.5) / (f.chunks + 0.5))
      from likely l cross join setting s
      cross join lateral (
        select coalesce(sum(t.chunks), 0)::double precision as chunks from memory.lexical_terms t
        where t.tenant_id = p_tenant and t.knowledge_base_id = any(p_knowledge_bases) and t.term = l.term
      ) f
    $$;
  revoke execute on function memory.term_hash, memory.lexical_weights, memory.feedback_terms from public;
  grant execute on function memory.term_hash to parley_memory;`;

export class LexicalFeedback1700000000541 implements MigrationInterface {
  name = 'LexicalFeedback1700000000541';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query('set local search_path = public');
    for (const ddl of [TERM_HASH, LEXICAL_WEIGHTS, FEEDBACK_TERMS]) await queryRunner.query(ddl);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop function memory.feedback_terms, memory.lexical_weights, memory.term_hash');
  }
}
