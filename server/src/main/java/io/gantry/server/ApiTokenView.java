package io.gantry.server;

import org.jspecify.annotations.Nullable;

/**
 * A token of the REST interface as it is listed: who has it, not what it is.
 *
 * @param name unique
 * @param role {@code viewer}, {@code operator} or {@code admin}
 * @param created ISO 8601
 * @param expires ISO 8601; null for never. One that has expired stays in the list until revoked
 */
public record ApiTokenView(String name, String role, String created, @Nullable String expires) {

  static ApiTokenView of(ApiTokens.Entry entry) {
    return new ApiTokenView(entry.name(), entry.role().text(), entry.created(), entry.expires());
  }
}
