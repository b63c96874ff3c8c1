import { IdentityBootstrap } from '@parley/gateway';
import { type Introduction } from './banner.js';
import { type DataFolder } from './data-folder.js';
import { type Suite } from './suite.js';

const DEFAULT_ADMIN_EMAIL = 'admin@parley.local';
const KEY_NAME = 'first key';

/** Makes sure that there is an administrator with a key, and writes down how to reach the suite as them. */
export async function introduce(
  suite: Suite,
  folder: DataFolder,
  environment: NodeJS.ProcessEnv,
): Promise<Introduction> {
  const bootstrap = suite.gateway.get(IdentityBootstrap);
  const known = folder.credentials();
  const wanted = {
    email: environment['BOOTSTRAP_ADMIN_EMAIL'] || DEFAULT_ADMIN_EMAIL,
    password: environment['BOOTSTRAP_ADMIN_PASSWORD'] || folder.secrets().adminPassword,
  };
  const admin = await bootstrap.ensureAdmin(wanted);
  const key = await bootstrap.ensureApiKey(admin, { name: KEY_NAME, ...(known ? { secret: known.apiKey } : {}) });
  // An administrator of an earlier start keeps the login that was written down then.
  const login = admin.created || !known ? { adminEmail: wanted.email, adminPassword: wanted.password } : known;
  const { adminEmail, adminPassword } = login;
  const credentials = { baseUrl: suite.baseUrl, adminEmail, adminPassword, apiKey: key.secret };
  folder.saveCredentials(credentials);
  return { ...credentials, ...suite.services, credentialsFile: folder.credentialsFile };
}
