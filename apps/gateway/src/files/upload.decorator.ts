import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes } from '@nestjs/swagger';
import { FILE_EXPIRY_SECONDS, FILE_PURPOSES } from '@parley/contracts';

const binary = { type: 'string', format: 'binary' } as const;

const EXPIRES_AFTER = {
  type: 'object',
  description: 'Sent as the fields expires_after[anchor] and expires_after[seconds]',
  required: ['anchor', 'seconds'],
  properties: {
    anchor: { type: 'string', enum: ['created_at'] },
    seconds: { type: 'integer', minimum: FILE_EXPIRY_SECONDS.min, maximum: FILE_EXPIRY_SECONDS.max },
  },
};

/** Documents a route that takes a multipart form with one file or several. */
export function ApiUpload({ several }: { several: boolean }) {
  const field = several ? 'files' : 'file';
  return applyDecorators(
    ApiConsumes('multipart/form-data'),
    ApiBody({
      schema: {
        type: 'object',
        required: several ? [field] : [field, 'purpose'],
        properties: {
          [field]: several ? { type: 'array', items: binary } : binary,
          purpose: { type: 'string', enum: [...FILE_PURPOSES], ...(several ? { default: 'assistants' } : {}) },
          expires_after: EXPIRES_AFTER,
        },
      },
    }),
  );
}

/** Documents a route that takes the content of one file, as it is or in a form. */
export function ApiContent() {
  return applyDecorators(
    ApiConsumes('application/octet-stream', 'multipart/form-data'),
    ApiBody({ schema: { oneOf: [binary, { type: 'object', required: ['file'], properties: { file: binary } }] } }),
  );
}
