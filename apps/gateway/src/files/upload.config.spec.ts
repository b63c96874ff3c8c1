import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '@parley/config';
import { UploadConfig } from './upload.config.js';

const load = (environment: Record<string, string>) => loadConfig({ upload: UploadConfig }, environment).upload;

describe('UploadConfig', () => {
  it('has the documented defaults', () => {
    expect(load({})).toMatchObject({
      maxFileBytes: 10_485_760,
      allowedExtensions: ['pdf', 'docx', 'txt', 'md', 'csv', 'html'],
      maxFilesPerRequest: 5,
    });
  });

  it('reads sizes with units and extensions with or without a dot', () => {
    const config = load({ MAX_FILE_SIZE: '512KB', ALLOWED_FILE_TYPES: 'PDF, .txt', MAX_FILES_PER_REQUEST: '2' });
    expect(config).toMatchObject({ maxFileBytes: 524_288, allowedExtensions: ['pdf', 'txt'], maxFilesPerRequest: 2 });
  });

  it.each([
    ['MAX_FILE_SIZE', 'big'],
    ['MAX_FILE_SIZE', '0'],
    ['ALLOWED_FILE_TYPES', '*'],
    ['MAX_FILES_PER_REQUEST', '0'],
  ])('names %s when it is wrong', (name, value) => {
    expect(() => load({ [name]: value })).toThrow(name);
  });
});
