import type { Account } from "../account.ts";
import type { User } from "./user.ts";

/** Who has shown a credential that is right. */
export interface SignedIn {
  readonly user: User;
  /** The one role that the credential is for; null where it names none. */
  readonly roleRestriction: string | null;
  /** Whether a credential that names no role may have any of the user's. */
  readonly anyRole: boolean;
}

/** What signing in looks at. */
export type SignInAccount = Pick<Account, "name" | "now" | "realNow" | "users" | "integrations" | "issuerKeys">;
