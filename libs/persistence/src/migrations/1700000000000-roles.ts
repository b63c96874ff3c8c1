import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { APP_ROLES } from '../persistence-options.js';

/** Roles belong to the whole server: another database on it may create them at the same moment. */
const createRole = (role: string) => `
  do $$ begin
    create role ${role} nologin;
  exception when duplicate_object or unique_violation then null;
  end $$;`;

export class Roles1700000000000 implements MigrationInterface {
  name = 'Roles1700000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('create extension if not exists vector');
    for (const role of ['parley_owner', ...APP_ROLES]) {
      await queryRunner.query(createRole(role));
      await queryRunner.query(`
        do $$ begin
          if not pg_has_role(current_user, '${role}', 'member') then grant ${role} to current_user; end if;
        exception when unique_violation then null;
        end $$;`);
    }
    await queryRunner.query('revoke create on schema public from public');
    for (const [schema, role] of Object.entries({
      identity: 'parley_gateway',
      chat: 'parley_chat',
      memory: 'parley_memory, parley_worker',
    })) {
      await queryRunner.query(`create schema ${schema} authorization parley_owner`);
      await queryRunner.query(`grant usage on schema ${schema} to ${role}`);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop schema if exists identity, chat, memory cascade');
  }
}
