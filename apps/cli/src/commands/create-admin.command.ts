import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { action } from '../action.js';
import { CliError } from '../cli-error.js';
import { saveAdministrator } from '../database/administrators.repository.js';
import { databaseUrl } from '../database/connection.repository.js';
import { EXIT } from '../exit-code.js';
import { type Terminal } from '../terminal.js';

const MIN_LENGTH = 12;
const MAX_LENGTH = 200;
const GENERATED_BYTES = 18;
const ADDRESS = /^[^\s@]+@[^\s@]+$/;

interface Options {
  email: string;
  passwordFile?: string;
  resetPassword?: boolean;
}

export const createAdminCommand = (terminal: Terminal): Command =>
  new Command('create-admin')
    .description('make an administrator of the whole installation: the first one, or one more')
    .requiredOption('--email <address>', 'what they sign in with')
    .option(
      '--password-file <path>',
      'a file with the password, - for standard input; without it one is made and shown',
    )
    .option('--reset-password', 'give an administrator who exists already a new password, and let them in again')
    .action(
      action(terminal, async ({ terminal: { environment } }, options: Options) => {
        if (!ADDRESS.test(options.email)) throw new CliError(EXIT.usage, `${options.email} is no e-mail address.`);
        const url = databaseUrl(environment);
        const given = options.passwordFile === undefined ? null : passwordIn(options.passwordFile);
        const password = given ?? randomBytes(GENERATED_BYTES).toString('base64url');
        const { hash } = await import('@node-rs/argon2');
        // The library's defaults are those of the gateway: argon2id with OWASP's parameters.
        const administrator = { email: options.email, passwordHash: await hash(password) };
        const outcome = await saveAdministrator(url, administrator, options.resetPassword === true);
        if (outcome === 'exists')
          throw new CliError(
            EXIT.refused,
            `There is a user ${options.email} already.`,
            '--reset-password changes the password of an administrator.',
          );
        const done = outcome === 'reset' ? 'has a new password' : 'can sign in';
        return {
          text: `${options.email} ${done}.${given === null ? ` Password: ${password}` : ''}`,
          data: { email: options.email, outcome, ...(given === null ? { password } : {}) },
        };
      }),
    );

function passwordIn(path: string): string {
  let password: string;
  try {
    password = readFileSync(path === '-' ? 0 : path, 'utf8').trim();
  } catch (error) {
    throw new CliError(EXIT.usage, `The password cannot be read: ${(error as Error).message}`);
  }
  if (password.length < MIN_LENGTH || password.length > MAX_LENGTH)
    throw new CliError(EXIT.usage, `The password must have ${MIN_LENGTH} to ${MAX_LENGTH} characters.`);
  return password;
}
