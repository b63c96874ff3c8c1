export * from './create-service.js';
export * from './service.module.js';
