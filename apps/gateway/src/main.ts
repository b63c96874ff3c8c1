import { runApp } from '@parley/observability';
import { createApp } from './app.module.js';

await runApp('gateway', createApp);
