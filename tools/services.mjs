import './register-sources.mjs';

const { readSession, startSession, stopSession } = await import('../libs/testing/src/services/session.ts');

const USAGE = `Usage: node tools/bootstrap.mjs services <command>
  up     start PostgreSQL, RabbitMQ and Redis that stay, and print their environment
  env    print the environment of those that are up
  down   stop them and delete their data
Example: eval "$(node tools/bootstrap.mjs services up)"`;

const print = (variables) => {
  for (const [name, value] of Object.entries(variables)) console.log(`export ${name}='${value}'`);
};

const commands = {
  up: async () => print(await startSession((line) => console.error(line))),
  down: stopSession,
  env: async () => {
    const variables = await readSession();
    if (!variables) throw new Error('no test services are up; start them with `services up`');
    print(variables);
  },
};

const command = process.argv[2] ?? '';
try {
  if (!Object.hasOwn(commands, command)) throw new Error(USAGE);
  await commands[command]();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
