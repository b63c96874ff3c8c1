import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * The answer so far, while the run is under way. A conversation that has not gone on elsewhere goes on behind it. As a
 * function, because a session plans its statement once; it runs as its caller, under row-level security.
 */
const CHECKPOINT_RUN = `
  create function chat.checkpoint_run(p_run uuid, p_tenant uuid, p_user uuid, p_text text, p_outline jsonb)
    returns void language plpgsql as $$
    begin
      with message as (
        insert into chat.messages (id, tenant_id, user_id, conversation_id, parent_id, role, content, run_id, outline)
        select r.message_id, r.tenant_id, r.user_id, c.id, parent.id, 'assistant', p_text, r.id, p_outline
        from chat.runs r join chat.conversations c on c.id = r.conversation_id
        left join chat.messages parent on parent.id = r.parent_id
        where r.id = p_run and r.tenant_id = p_tenant and r.user_id = p_user and r.status = 'in_progress'
        on conflict (id) do update set content = excluded.content, outline = excluded.outline
        returning id, conversation_id, parent_id
      )
      update chat.conversations c set head_id = m.id
      from message m where c.id = m.conversation_id and c.head_id is not distinct from m.parent_id;
    end
    $$;
  revoke execute on function chat.checkpoint_run from public;
  grant execute on function chat.checkpoint_run to parley_chat;`;

export class CheckpointFunction1700000000711 implements MigrationInterface {
  name = 'CheckpointFunction1700000000711';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(CHECKPOINT_RUN);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop function chat.checkpoint_run');
  }
}
