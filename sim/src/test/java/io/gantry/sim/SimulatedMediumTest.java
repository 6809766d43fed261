package io.gantry.sim;

import io.gantry.store.Medium;
import java.io.IOException;
import java.lang.reflect.Method;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The medium of the simulation is one; the tests run in simulated threads and time. */
class SimulatedMediumTest extends MediumContract {
  private final Random random = new Random(1);
  private final Scheduler scheduler = new Scheduler(random);
  private final SimulatedDisk disk = new SimulatedDisk(scheduler, random);

  @RegisterExtension
  final InvocationInterceptor inSimulation =
      new InvocationInterceptor() {
        @Override
        public void interceptTestMethod(
            Invocation<@Nullable Void> test,
            ReflectiveInvocationContext<Method> method,
            ExtensionContext context) {
          scheduler.run(() -> {
            try {
              Object _ = test.proceed();
            } catch (Throwable e) {
              scheduler.fail(e);
            }
          });
        }
      };

  @Override
  Medium open() throws IOException {
    return disk.open();
  }

  @Override
  Medium takeOver() {
    return disk.takeOver();
  }
}
