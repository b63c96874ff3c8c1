import { ApiProperty } from '@nestjs/swagger';
import { type EmbedTextsReply } from '@parley/contracts';

export class EmbeddingObject {
  @ApiProperty({ enum: ['embedding'] })
  object!: 'embedding';

  @ApiProperty()
  index!: number;

  @ApiProperty({
    oneOf: [
      { type: 'array', items: { type: 'number' } },
      { type: 'string', description: 'base64 of little-endian float32' },
    ],
  })
  embedding!: number[] | string;
}

export class EmbeddingsUsage {
  @ApiProperty()
  prompt_tokens!: number;

  @ApiProperty()
  total_tokens!: number;
}

export class EmbeddingsList {
  @ApiProperty({ enum: ['list'] })
  object!: 'list';

  @ApiProperty({ type: [EmbeddingObject] })
  data!: EmbeddingObject[];

  @ApiProperty()
  model!: string;

  @ApiProperty({ type: EmbeddingsUsage })
  usage!: EmbeddingsUsage;
}

export function embeddingsList(reply: EmbedTextsReply, format: 'float' | 'base64'): EmbeddingsList {
  return {
    object: 'list',
    data: reply.vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: format === 'base64' ? vector : floatsOf(vector),
    })),
    model: reply.model,
    usage: { prompt_tokens: reply.promptTokens, total_tokens: reply.promptTokens },
  };
}

function floatsOf(base64: string): number[] {
  const bytes = Buffer.from(base64, 'base64');
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
