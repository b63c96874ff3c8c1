export * from './egress-client.js';
export * from './egress-error.js';
export * from './egress-policy.js';
export * from './egress.config.js';
export * from './egress.module.js';
