import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type Role } from '@parley/contracts';
import {
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsEmail,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { type Scope, SCOPES } from './scopes.js';

/** 9999-12-31, the last day that dates in JSON can name. */
const MAX_UNIX_SECONDS = 253_402_300_799;

export class SignInRequest {
  @ApiProperty({ example: 'admin@example.com' })
  @IsString()
  @MaxLength(320)
  email!: string;

  @ApiProperty()
  @IsString()
  @MaxLength(200)
  password!: string;
}

export class CreateApiKeyRequest {
  @ApiProperty({ example: 'my laptop' })
  @IsString()
  @Length(1, 200)
  name!: string;

  @ApiPropertyOptional({ enum: SCOPES, isArray: true, description: 'Everything but admin when left out' })
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(SCOPES, { each: true })
  scopes?: Scope[];

  @ApiPropertyOptional({ type: Number, nullable: true, description: 'Unix seconds; never when left out' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_UNIX_SECONDS)
  expires_at?: number | null;
}

export class CreateUserRequest {
  @ApiProperty()
  @IsEmail()
  email!: string;

  @ApiProperty({ minLength: 8, maxLength: 200 })
  @IsString()
  @Length(8, 200)
  password!: string;

  @ApiPropertyOptional({ enum: ['admin', 'member'], default: 'member' })
  @IsIn(['admin', 'member'])
  role: Role = 'member';
}

export class CreateTenantRequest {
  @ApiProperty({ example: 'Research' })
  @IsString()
  @Length(1, 200)
  name!: string;

  @ApiProperty()
  @IsEmail()
  admin_email!: string;

  @ApiProperty({ minLength: 8, maxLength: 200 })
  @IsString()
  @Length(8, 200)
  admin_password!: string;
}
