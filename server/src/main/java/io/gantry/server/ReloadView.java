package io.gantry.server;

import java.util.List;

/**
 * What came of reading the configuration again.
 *
 * @param changed keys that are different, and in force now
 * @param restart keys that are different, and will be in force after a restart
 */
public record ReloadView(List<String> changed, List<String> restart) {}
