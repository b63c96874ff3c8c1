import { type Environment } from '@parley/config';

/** Whether the strict start-up checks apply, read as ServerConfig reads it. */
export function isProduction(environment: Environment): boolean {
  return (environment.ENVIRONMENT || environment.NODE_ENV) === 'production';
}
