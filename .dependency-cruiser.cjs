const ownSql = '(\\.repository|\\.entity)\\.ts$|/migrations/';
/** The boundaries of ARCHITECTURE.md, executed. @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.spec\\.ts$', 'main\\.ts$', '\\.fixture\\.'] },
      to: {},
    },
    { name: 'not-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: { pathNot: ['\\.spec\\.ts$', '\\.fixture\\.ts$', '^libs/testing/'] },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'apps-never-import-apps',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: '^apps/(standalone|cli)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    { name: 'libs-never-import-apps', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'contracts-import-nothing-of-ours',
      severity: 'error',
      from: { path: '^libs/contracts/' },
      to: { path: '^(libs|apps)/', pathNot: '^libs/contracts/' },
    },
    {
      name: 'packages-by-root-export',
      severity: 'error',
      from: { path: '^(?:apps|libs)/([^/]+)/' },
      to: { path: '^(?:apps|libs)/([^/]+)/src/', pathNot: ['^(?:apps|libs)/$1/', '/src/(index|app\\.module)\\.ts$'] },
    },
    {
      name: 'testing-only-in-specs',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['\\.spec\\.ts$', '^libs/testing/'] },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'sql-only-in-repositories',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['^libs/(persistence|knowledge|testing)/', '\\.spec\\.ts$', ownSql] },
      to: { path: 'node_modules/(typeorm|pg)/' },
    },
    {
      name: 'amqplib-only-in-messaging',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['^libs/(messaging|testing)/', '\\.spec\\.ts$'] },
      to: { path: 'node_modules/amqplib/' },
    },
    {
      name: 'openai-only-in-llm',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['^libs/llm/', '\\.spec\\.ts$'] },
      to: { path: 'node_modules/openai/' },
    },
    {
      name: 'opentelemetry-and-sentry-only-in-observability',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '^libs/observability/' },
      to: { path: 'node_modules/(@opentelemetry|@sentry)/' },
    },
    {
      name: 'sdk-of-traces-only-when-asked-for',
      severity: 'error',
      from: { path: '^libs/', pathNot: ['\\.spec\\.ts$'] },
      to: { path: '^libs/observability/src/tracing/otel-tracer\\.ts$', dependencyTypesNot: ['dynamic-import'] },
    },
    {
      name: 'controllers-never-touch-repositories',
      severity: 'error',
      from: { path: '\\.(controller|consumer)\\.ts$' },
      to: { path: '\\.(repository|entity)\\.ts$' },
    },
    {
      name: 'repositories-never-call-services',
      severity: 'error',
      from: { path: '\\.repository\\.ts$' },
      to: { path: '\\.(service|controller|consumer)\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@parley/source', 'import', 'require', 'node', 'default'],
      mainFields: ['main', 'types'],
    },
  },
};
