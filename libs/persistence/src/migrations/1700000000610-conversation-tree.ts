import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Messages know the one that they follow, so that a question asked anew and an answer given anew stand beside the first one.
 * `head_id` is the last message of the branch that a conversation goes on with. The chained hash of what was said up to a
 * message stands with the message: a client that sends its history finds the place in a conversation by it.
 */
const TREE = `
  alter table chat.messages
    add column parent_id uuid references chat.messages on delete set null,
    add column history_hash bytea,
    drop constraint messages_role_check,
    add constraint messages_role_check check (role in ('system', 'developer', 'user', 'assistant', 'tool'));
  alter table chat.conversations add column head_id uuid;
  alter table chat.runs add column parent_id uuid;
  create index messages_by_parent on chat.messages (parent_id) where parent_id is not null;`;

/** What there is becomes one branch each. */
const EXISTING = `
  update chat.messages m set parent_id = ordered.previous
  from (
    select id, lag(id) over (partition by conversation_id order by created_at, id) as previous from chat.messages
  ) ordered
  where ordered.id = m.id and ordered.previous is not null;
  update chat.conversations c set head_id = (
    select m.id from chat.messages m where m.conversation_id = c.id order by m.created_at desc, m.id desc limit 1
  );
  update chat.messages m set history_hash = c.history_hash from chat.conversations c
  where c.head_id = m.id and c.history_hash is not null;`;

/** The user's messages are found by the same index. */
const HASHES = `
  alter table chat.conversations drop column history_hash;
  create index messages_by_history on chat.messages (tenant_id, user_id, history_hash);`;

export class ConversationTree1700000000610 implements MigrationInterface {
  name = 'ConversationTree1700000000610';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    for (const sql of [TREE, EXISTING, HASHES]) await queryRunner.query(sql);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      alter table chat.conversations add column history_hash bytea;
      update chat.conversations c set history_hash = m.history_hash from chat.messages m where m.id = c.head_id;
      create index conversations_by_history on chat.conversations (tenant_id, user_id, history_hash)
        where history_hash is not null;
      alter table chat.conversations drop column head_id;
      alter table chat.runs drop column parent_id;
      delete from chat.messages where role in ('system', 'developer');
      alter table chat.messages drop column parent_id, drop column history_hash,
        drop constraint messages_role_check,
        add constraint messages_role_check check (role in ('user', 'assistant', 'tool'))`);
  }
}
