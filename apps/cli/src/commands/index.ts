import { type Command } from 'commander';
import { type Terminal } from '../terminal.js';
import { auditCommand } from './audit.command.js';
import { backupCommand } from './backup.command.js';
import { createAdminCommand } from './create-admin.command.js';
import { deadLettersCommand } from './dead-letters.command.js';
import { doctorCommand } from './doctor.command.js';
import { evalCommand } from './eval.command.js';
import { migrateCommand } from './migrate.command.js';
import { reindexCommand } from './reindex.command.js';
import { restoreCommand } from './restore.command.js';
import { retentionCommand } from './retention.command.js';
import { rolloutCommand } from './rollout.command.js';
import { smokeTestCommand } from './smoke-test.command.js';
import { startCommand } from './start.command.js';
import { validateEnvCommand } from './validate-env.command.js';
import { verifyIndexesCommand } from './verify-indexes.command.js';

/** In the order of the help. A new command is one file, and one line here. */
export const COMMANDS: readonly ((terminal: Terminal) => Command)[] = [
  startCommand,
  migrateCommand,
  createAdminCommand,
  validateEnvCommand,
  doctorCommand,
  smokeTestCommand,
  deadLettersCommand,
  rolloutCommand,
  verifyIndexesCommand,
  reindexCommand,
  backupCommand,
  restoreCommand,
  retentionCommand,
  auditCommand,
  evalCommand,
];
