// Runs on whatever Node a machine has, before anything is installed: nothing but `node:` may be imported from here.
const MINIMUM_NODE_MAJOR = 20;
const USAGE = `Usage: node tools/bootstrap.mjs <command>
  start [options]     install what is missing, build, and run the whole suite (npm start)
  parley <command>    install, build and run the command line (npm run parley -- --help)
  test [options]      install what is missing and run the tests on real services (npm test)
                      --unit runs only what needs no service; all other options go to Jest
  bench <name>        install, build and run a benchmark on real services (npm run bench --)
  eval <options>      install, build, and measure how well a judged collection is found (npm run eval --)
  verify-ops [name]   install, build and verify operations on real services (npm run verify:ops)
  services <command>  up, env or down: PostgreSQL, RabbitMQ and Redis for running single specs
  install             install what is missing`;

async function main([command = '', ...options]) {
  const commands = {
    install: () => 0,
    start,
    parley,
    test: runTool('test.mjs'),
    bench: runTool('bench.mjs'),
    eval: runTool('eval.mjs'),
    'verify-ops': runTool('verify-ops.mjs'),
    services: runTool('services.mjs'),
  };
  if (!Object.hasOwn(commands, command)) {
    const isHelp = ['--help', '-h', 'help'].includes(command);
    (isHelp ? console.log : console.error)(USAGE);
    return isHelp ? 0 : 2;
  }
  const { ensureInstalled } = await import('./install.mjs');
  await ensureInstalled();
  return commands[command](options);
}

async function start(options) {
  const { ensureBuilt } = await import('./build.mjs');
  const { runProjectNode } = await import('./child.mjs');
  await ensureBuilt();
  return runProjectNode(['--enable-source-maps', 'apps/standalone/dist/main.js', ...options]);
}

async function parley(options) {
  const { ensureBuilt } = await import('./build.mjs');
  const { runProjectNode } = await import('./child.mjs');
  await ensureBuilt();
  return runProjectNode(['--enable-source-maps', 'apps/cli/dist/main.js', ...options], { graceMs: 60_000 });
}

/** Our other tools are written for the project's Node, which on a fresh clone has only just been installed. */
function runTool(name) {
  return async (options) => {
    const { runProjectNode } = await import('./child.mjs');
    return runProjectNode([`tools/${name}`, ...options], { graceMs: 60_000 });
  };
}

const major = Number(process.versions.node.split('.')[0]);
if (major < MINIMUM_NODE_MAJOR) {
  console.error(`Parley needs Node ${MINIMUM_NODE_MAJOR} or later to start; this is ${process.version}.`);
  process.exit(1);
}
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
