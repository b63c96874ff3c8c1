import { IsObject, IsOptional } from 'class-validator';
import { Env } from '../env.js';
import { parseModels, readModelsFile } from './models-file.js';
import { type ModelsFile } from './models-file.schema.js';

/** Which providers answer under which names, and what they cost: docs/models.md. */
export class ModelsConfig {
  @Env('LLM_CONFIG_FILE', {
    description: 'YAML or JSON file with several providers, model names with fallbacks, and prices: docs/models.md',
    optional: true,
    example: '/etc/parley/models.yaml',
    parse: readModelsFile,
  })
  @IsOptional()
  @IsObject()
  readonly fromFile!: ModelsFile | undefined;

  @Env('LLM_CONFIG', {
    description: 'The same as text, instead of a file',
    optional: true,
    parse: parseModels,
  })
  @IsOptional()
  @IsObject()
  readonly fromText!: ModelsFile | undefined;

  /** Empty when nothing is configured: then the one provider of the other settings answers. */
  get file(): ModelsFile {
    return this.fromFile ?? this.fromText ?? {};
  }

  faults(): string[] {
    return this.fromFile && this.fromText ? ['LLM_CONFIG_FILE and LLM_CONFIG cannot both be set'] : [];
  }
}
