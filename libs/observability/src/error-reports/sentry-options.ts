export interface SentryOptions {
  /** Scheme, public key, host and project. */
  dsn: string;
  environment: string;
}
