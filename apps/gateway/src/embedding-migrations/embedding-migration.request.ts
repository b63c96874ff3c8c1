import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsNumber, IsOptional, IsString, Length, Max, Min, ValidateIf } from 'class-validator';

export class StartEmbeddingMigrationBody {
  @ApiProperty({ description: 'One of the embedding models of the installation', example: 'text-embedding-3-large' })
  @IsString()
  @Length(1, 256)
  model!: string;

  @ApiPropertyOptional({
    type: Number,
    nullable: true,
    minimum: 1,
    maximum: 4000,
    description: 'Default: as configured, or as long as the vectors of the model are',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(4000)
  dimensions?: number | null;
}

export class UpdateEmbeddingSpaceBody {
  @ApiProperty({
    type: Number,
    nullable: true,
    minimum: 0,
    maximum: 1,
    description: 'What vectors are worth against words; null: the default of the model',
  })
  @ValidateIf((_body, value) => value !== null)
  @IsNumber()
  @Min(0)
  @Max(1)
  vector_weight!: number | null;
}
