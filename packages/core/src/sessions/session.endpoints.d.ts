import { z } from 'zod';
/** A whole id, a unique prefix of one, or a name. */
export declare const sessionRefSchema: z.ZodString;
export declare const stopSchema: z.ZodObject<{
    timeoutMs: z.ZodDefault<z.ZodNumber>;
}, z.core.$strict>;
export declare const sessionEndpoints: {
    readonly listProviders: {
        readonly method: "GET";
        readonly path: "/providers";
        readonly summary: "Providers with their capabilities, and whether their programs are installed.";
        readonly reply: z.ZodObject<{
            providers: z.ZodArray<z.ZodObject<{
                id: z.ZodEnum<{
                    "claude-code": "claude-code";
                    codex: "codex";
                    shell: "shell";
                }>;
                label: z.ZodString;
                aliases: z.ZodArray<z.ZodString>;
                capabilities: z.ZodObject<{
                    runtime: z.ZodLiteral<"tmux">;
                    nativeHooks: z.ZodBoolean;
                    supportsDangerousMode: z.ZodBoolean;
                    supportsModelSwitch: z.ZodBoolean;
                    supportsResume: z.ZodBoolean;
                    supportsFork: z.ZodBoolean;
                    supportsTranscriptTailing: z.ZodBoolean;
                    supportsTmuxAdoption: z.ZodBoolean;
                    supportsSlashCommands: z.ZodBoolean;
                    policyChannel: z.ZodEnum<{
                        "input-preflight": "input-preflight";
                        "native-hooks": "native-hooks";
                        none: "none";
                    }>;
                    metricsChannel: z.ZodEnum<{
                        none: "none";
                        transcript: "transcript";
                    }>;
                    deliveryProof: z.ZodEnum<{
                        echo: "echo";
                        hook: "hook";
                    }>;
                    billingModes: z.ZodArray<z.ZodEnum<{
                        api: "api";
                        subscription: "subscription";
                    }>>;
                }, z.core.$strip>;
                installed: z.ZodBoolean;
                path: z.ZodNullable<z.ZodString>;
                version: z.ZodNullable<z.ZodString>;
                installHint: z.ZodNullable<z.ZodString>;
            }, z.core.$strip>>;
        }, z.core.$strip>;
    };
    readonly listSessions: {
        readonly method: "GET";
        readonly path: "/sessions";
        readonly summary: "Sessions, newest first.";
        readonly query: z.ZodObject<{
            provider: z.ZodOptional<z.ZodString>;
            status: z.ZodOptional<z.ZodEnum<{
                crashed: "crashed";
                needs_input: "needs_input";
                needs_permission: "needs_permission";
                running: "running";
                starting: "starting";
                stopped: "stopped";
            }>>;
            live: z.ZodOptional<z.ZodPipe<z.ZodEnum<{
                0: "0";
                1: "1";
                false: "false";
                true: "true";
            }>, z.ZodTransform<boolean, "0" | "1" | "false" | "true">>>;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            sessions: z.ZodArray<z.ZodObject<{
                id: z.ZodUUID;
                name: z.ZodNullable<z.ZodString>;
                provider: z.ZodEnum<{
                    "claude-code": "claude-code";
                    codex: "codex";
                    shell: "shell";
                }>;
                cwd: z.ZodString;
                status: z.ZodEnum<{
                    crashed: "crashed";
                    needs_input: "needs_input";
                    needs_permission: "needs_permission";
                    running: "running";
                    starting: "starting";
                    stopped: "stopped";
                }>;
                activity: z.ZodNullable<z.ZodEnum<{
                    busy: "busy";
                    idle: "idle";
                }>>;
                evidence: z.ZodObject<{
                    source: z.ZodEnum<{
                        daemon: "daemon";
                        exit: "exit";
                        hook: "hook";
                        registry: "registry";
                        screen: "screen";
                        title: "title";
                        tmux: "tmux";
                        transcript: "transcript";
                        user: "user";
                    }>;
                    detail: z.ZodString;
                }, z.core.$strip>;
                model: z.ZodNullable<z.ZodString>;
                createdAt: z.ZodISODateTime;
                updatedAt: z.ZodISODateTime;
                endedAt: z.ZodNullable<z.ZodISODateTime>;
                pid: z.ZodNullable<z.ZodNumber>;
                exitCode: z.ZodNullable<z.ZodNumber>;
                signal: z.ZodNullable<z.ZodString>;
                ptyCols: z.ZodNumber;
                ptyRows: z.ZodNumber;
                transcriptPath: z.ZodNullable<z.ZodString>;
                queued: z.ZodNumber;
                attachCommand: z.ZodNullable<z.ZodString>;
                metadata: z.ZodObject<{
                    launch: z.ZodObject<{
                        args: z.ZodArray<z.ZodString>;
                        billingMode: z.ZodEnum<{
                            api: "api";
                            subscription: "subscription";
                        }>;
                        envKeys: z.ZodArray<z.ZodString>;
                    }, z.core.$strip>;
                    providerSession: z.ZodObject<{
                        id: z.ZodNullable<z.ZodString>;
                        mode: z.ZodEnum<{
                            fork: "fork";
                            new: "new";
                            resume: "resume";
                        }>;
                        source: z.ZodNullable<z.ZodEnum<{
                            agent: "agent";
                            codepiper: "codepiper";
                            "user-supplied": "user-supplied";
                        }>>;
                        forkedFrom: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                    security: z.ZodObject<{
                        dangerousMode: z.ZodBoolean;
                    }, z.core.$strip>;
                    ui: z.ZodObject<{
                        customName: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                }, z.core.$strip>;
            }, z.core.$strip>>;
        }, z.core.$strip>;
    };
    readonly createSession: {
        readonly method: "POST";
        readonly path: "/sessions";
        readonly summary: "Start a session: one program in its own tmux pane.";
        readonly body: z.ZodObject<{
            provider: z.ZodString;
            cwd: z.ZodString;
            name: z.ZodOptional<z.ZodString>;
            model: z.ZodOptional<z.ZodString>;
            args: z.ZodDefault<z.ZodArray<z.ZodString>>;
            env: z.ZodDefault<z.ZodRecord<z.ZodString, z.ZodString>>;
            billingMode: z.ZodDefault<z.ZodEnum<{
                api: "api";
                subscription: "subscription";
            }>>;
            dangerousMode: z.ZodDefault<z.ZodBoolean>;
            trust: z.ZodDefault<z.ZodBoolean>;
            providerResume: z.ZodOptional<z.ZodObject<{
                providerSessionId: z.ZodString;
                mode: z.ZodDefault<z.ZodEnum<{
                    fork: "fork";
                    resume: "resume";
                }>>;
            }, z.core.$strict>>;
            prompt: z.ZodOptional<z.ZodString>;
            cols: z.ZodOptional<z.ZodNumber>;
            rows: z.ZodOptional<z.ZodNumber>;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            session: z.ZodObject<{
                id: z.ZodUUID;
                name: z.ZodNullable<z.ZodString>;
                provider: z.ZodEnum<{
                    "claude-code": "claude-code";
                    codex: "codex";
                    shell: "shell";
                }>;
                cwd: z.ZodString;
                status: z.ZodEnum<{
                    crashed: "crashed";
                    needs_input: "needs_input";
                    needs_permission: "needs_permission";
                    running: "running";
                    starting: "starting";
                    stopped: "stopped";
                }>;
                activity: z.ZodNullable<z.ZodEnum<{
                    busy: "busy";
                    idle: "idle";
                }>>;
                evidence: z.ZodObject<{
                    source: z.ZodEnum<{
                        daemon: "daemon";
                        exit: "exit";
                        hook: "hook";
                        registry: "registry";
                        screen: "screen";
                        title: "title";
                        tmux: "tmux";
                        transcript: "transcript";
                        user: "user";
                    }>;
                    detail: z.ZodString;
                }, z.core.$strip>;
                model: z.ZodNullable<z.ZodString>;
                createdAt: z.ZodISODateTime;
                updatedAt: z.ZodISODateTime;
                endedAt: z.ZodNullable<z.ZodISODateTime>;
                pid: z.ZodNullable<z.ZodNumber>;
                exitCode: z.ZodNullable<z.ZodNumber>;
                signal: z.ZodNullable<z.ZodString>;
                ptyCols: z.ZodNumber;
                ptyRows: z.ZodNumber;
                transcriptPath: z.ZodNullable<z.ZodString>;
                queued: z.ZodNumber;
                attachCommand: z.ZodNullable<z.ZodString>;
                metadata: z.ZodObject<{
                    launch: z.ZodObject<{
                        args: z.ZodArray<z.ZodString>;
                        billingMode: z.ZodEnum<{
                            api: "api";
                            subscription: "subscription";
                        }>;
                        envKeys: z.ZodArray<z.ZodString>;
                    }, z.core.$strip>;
                    providerSession: z.ZodObject<{
                        id: z.ZodNullable<z.ZodString>;
                        mode: z.ZodEnum<{
                            fork: "fork";
                            new: "new";
                            resume: "resume";
                        }>;
                        source: z.ZodNullable<z.ZodEnum<{
                            agent: "agent";
                            codepiper: "codepiper";
                            "user-supplied": "user-supplied";
                        }>>;
                        forkedFrom: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                    security: z.ZodObject<{
                        dangerousMode: z.ZodBoolean;
                    }, z.core.$strip>;
                    ui: z.ZodObject<{
                        customName: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                }, z.core.$strip>;
            }, z.core.$strip>;
        }, z.core.$strip>;
        readonly status: 201;
        readonly errors: readonly ["trust_required", "provider_unavailable", "session_limit", "name_taken", "unsupported", "tmux_failed"];
    };
    readonly getSession: {
        readonly method: "GET";
        readonly path: "/sessions/:id";
        readonly summary: "One session.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            session: z.ZodObject<{
                id: z.ZodUUID;
                name: z.ZodNullable<z.ZodString>;
                provider: z.ZodEnum<{
                    "claude-code": "claude-code";
                    codex: "codex";
                    shell: "shell";
                }>;
                cwd: z.ZodString;
                status: z.ZodEnum<{
                    crashed: "crashed";
                    needs_input: "needs_input";
                    needs_permission: "needs_permission";
                    running: "running";
                    starting: "starting";
                    stopped: "stopped";
                }>;
                activity: z.ZodNullable<z.ZodEnum<{
                    busy: "busy";
                    idle: "idle";
                }>>;
                evidence: z.ZodObject<{
                    source: z.ZodEnum<{
                        daemon: "daemon";
                        exit: "exit";
                        hook: "hook";
                        registry: "registry";
                        screen: "screen";
                        title: "title";
                        tmux: "tmux";
                        transcript: "transcript";
                        user: "user";
                    }>;
                    detail: z.ZodString;
                }, z.core.$strip>;
                model: z.ZodNullable<z.ZodString>;
                createdAt: z.ZodISODateTime;
                updatedAt: z.ZodISODateTime;
                endedAt: z.ZodNullable<z.ZodISODateTime>;
                pid: z.ZodNullable<z.ZodNumber>;
                exitCode: z.ZodNullable<z.ZodNumber>;
                signal: z.ZodNullable<z.ZodString>;
                ptyCols: z.ZodNumber;
                ptyRows: z.ZodNumber;
                transcriptPath: z.ZodNullable<z.ZodString>;
                queued: z.ZodNumber;
                attachCommand: z.ZodNullable<z.ZodString>;
                metadata: z.ZodObject<{
                    launch: z.ZodObject<{
                        args: z.ZodArray<z.ZodString>;
                        billingMode: z.ZodEnum<{
                            api: "api";
                            subscription: "subscription";
                        }>;
                        envKeys: z.ZodArray<z.ZodString>;
                    }, z.core.$strip>;
                    providerSession: z.ZodObject<{
                        id: z.ZodNullable<z.ZodString>;
                        mode: z.ZodEnum<{
                            fork: "fork";
                            new: "new";
                            resume: "resume";
                        }>;
                        source: z.ZodNullable<z.ZodEnum<{
                            agent: "agent";
                            codepiper: "codepiper";
                            "user-supplied": "user-supplied";
                        }>>;
                        forkedFrom: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                    security: z.ZodObject<{
                        dangerousMode: z.ZodBoolean;
                    }, z.core.$strip>;
                    ui: z.ZodObject<{
                        customName: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                }, z.core.$strip>;
            }, z.core.$strip>;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous"];
    };
    readonly renameSession: {
        readonly method: "PUT";
        readonly path: "/sessions/:id/name";
        readonly summary: "Give the session a name, or take it away with null.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly body: z.ZodObject<{
            name: z.ZodNullable<z.ZodString>;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            session: z.ZodObject<{
                id: z.ZodUUID;
                name: z.ZodNullable<z.ZodString>;
                provider: z.ZodEnum<{
                    "claude-code": "claude-code";
                    codex: "codex";
                    shell: "shell";
                }>;
                cwd: z.ZodString;
                status: z.ZodEnum<{
                    crashed: "crashed";
                    needs_input: "needs_input";
                    needs_permission: "needs_permission";
                    running: "running";
                    starting: "starting";
                    stopped: "stopped";
                }>;
                activity: z.ZodNullable<z.ZodEnum<{
                    busy: "busy";
                    idle: "idle";
                }>>;
                evidence: z.ZodObject<{
                    source: z.ZodEnum<{
                        daemon: "daemon";
                        exit: "exit";
                        hook: "hook";
                        registry: "registry";
                        screen: "screen";
                        title: "title";
                        tmux: "tmux";
                        transcript: "transcript";
                        user: "user";
                    }>;
                    detail: z.ZodString;
                }, z.core.$strip>;
                model: z.ZodNullable<z.ZodString>;
                createdAt: z.ZodISODateTime;
                updatedAt: z.ZodISODateTime;
                endedAt: z.ZodNullable<z.ZodISODateTime>;
                pid: z.ZodNullable<z.ZodNumber>;
                exitCode: z.ZodNullable<z.ZodNumber>;
                signal: z.ZodNullable<z.ZodString>;
                ptyCols: z.ZodNumber;
                ptyRows: z.ZodNumber;
                transcriptPath: z.ZodNullable<z.ZodString>;
                queued: z.ZodNumber;
                attachCommand: z.ZodNullable<z.ZodString>;
                metadata: z.ZodObject<{
                    launch: z.ZodObject<{
                        args: z.ZodArray<z.ZodString>;
                        billingMode: z.ZodEnum<{
                            api: "api";
                            subscription: "subscription";
                        }>;
                        envKeys: z.ZodArray<z.ZodString>;
                    }, z.core.$strip>;
                    providerSession: z.ZodObject<{
                        id: z.ZodNullable<z.ZodString>;
                        mode: z.ZodEnum<{
                            fork: "fork";
                            new: "new";
                            resume: "resume";
                        }>;
                        source: z.ZodNullable<z.ZodEnum<{
                            agent: "agent";
                            codepiper: "codepiper";
                            "user-supplied": "user-supplied";
                        }>>;
                        forkedFrom: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                    security: z.ZodObject<{
                        dangerousMode: z.ZodBoolean;
                    }, z.core.$strip>;
                    ui: z.ZodObject<{
                        customName: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                }, z.core.$strip>;
            }, z.core.$strip>;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous", "name_taken"];
    };
    readonly removeSession: {
        readonly method: "DELETE";
        readonly path: "/sessions/:id";
        readonly summary: "Forget an ended session.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            success: z.ZodLiteral<true>;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous", "session_live"];
    };
    readonly stopSession: {
        readonly method: "POST";
        readonly path: "/sessions/:id/stop";
        readonly summary: "Ask the program to end; kill it after the deadline. An ended session is a success.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly body: z.ZodObject<{
            timeoutMs: z.ZodDefault<z.ZodNumber>;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            session: z.ZodObject<{
                id: z.ZodUUID;
                name: z.ZodNullable<z.ZodString>;
                provider: z.ZodEnum<{
                    "claude-code": "claude-code";
                    codex: "codex";
                    shell: "shell";
                }>;
                cwd: z.ZodString;
                status: z.ZodEnum<{
                    crashed: "crashed";
                    needs_input: "needs_input";
                    needs_permission: "needs_permission";
                    running: "running";
                    starting: "starting";
                    stopped: "stopped";
                }>;
                activity: z.ZodNullable<z.ZodEnum<{
                    busy: "busy";
                    idle: "idle";
                }>>;
                evidence: z.ZodObject<{
                    source: z.ZodEnum<{
                        daemon: "daemon";
                        exit: "exit";
                        hook: "hook";
                        registry: "registry";
                        screen: "screen";
                        title: "title";
                        tmux: "tmux";
                        transcript: "transcript";
                        user: "user";
                    }>;
                    detail: z.ZodString;
                }, z.core.$strip>;
                model: z.ZodNullable<z.ZodString>;
                createdAt: z.ZodISODateTime;
                updatedAt: z.ZodISODateTime;
                endedAt: z.ZodNullable<z.ZodISODateTime>;
                pid: z.ZodNullable<z.ZodNumber>;
                exitCode: z.ZodNullable<z.ZodNumber>;
                signal: z.ZodNullable<z.ZodString>;
                ptyCols: z.ZodNumber;
                ptyRows: z.ZodNumber;
                transcriptPath: z.ZodNullable<z.ZodString>;
                queued: z.ZodNumber;
                attachCommand: z.ZodNullable<z.ZodString>;
                metadata: z.ZodObject<{
                    launch: z.ZodObject<{
                        args: z.ZodArray<z.ZodString>;
                        billingMode: z.ZodEnum<{
                            api: "api";
                            subscription: "subscription";
                        }>;
                        envKeys: z.ZodArray<z.ZodString>;
                    }, z.core.$strip>;
                    providerSession: z.ZodObject<{
                        id: z.ZodNullable<z.ZodString>;
                        mode: z.ZodEnum<{
                            fork: "fork";
                            new: "new";
                            resume: "resume";
                        }>;
                        source: z.ZodNullable<z.ZodEnum<{
                            agent: "agent";
                            codepiper: "codepiper";
                            "user-supplied": "user-supplied";
                        }>>;
                        forkedFrom: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                    security: z.ZodObject<{
                        dangerousMode: z.ZodBoolean;
                    }, z.core.$strip>;
                    ui: z.ZodObject<{
                        customName: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                }, z.core.$strip>;
            }, z.core.$strip>;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous"];
    };
    readonly killSession: {
        readonly method: "POST";
        readonly path: "/sessions/:id/kill";
        readonly summary: "Kill the whole process tree of the session at once.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            session: z.ZodObject<{
                id: z.ZodUUID;
                name: z.ZodNullable<z.ZodString>;
                provider: z.ZodEnum<{
                    "claude-code": "claude-code";
                    codex: "codex";
                    shell: "shell";
                }>;
                cwd: z.ZodString;
                status: z.ZodEnum<{
                    crashed: "crashed";
                    needs_input: "needs_input";
                    needs_permission: "needs_permission";
                    running: "running";
                    starting: "starting";
                    stopped: "stopped";
                }>;
                activity: z.ZodNullable<z.ZodEnum<{
                    busy: "busy";
                    idle: "idle";
                }>>;
                evidence: z.ZodObject<{
                    source: z.ZodEnum<{
                        daemon: "daemon";
                        exit: "exit";
                        hook: "hook";
                        registry: "registry";
                        screen: "screen";
                        title: "title";
                        tmux: "tmux";
                        transcript: "transcript";
                        user: "user";
                    }>;
                    detail: z.ZodString;
                }, z.core.$strip>;
                model: z.ZodNullable<z.ZodString>;
                createdAt: z.ZodISODateTime;
                updatedAt: z.ZodISODateTime;
                endedAt: z.ZodNullable<z.ZodISODateTime>;
                pid: z.ZodNullable<z.ZodNumber>;
                exitCode: z.ZodNullable<z.ZodNumber>;
                signal: z.ZodNullable<z.ZodString>;
                ptyCols: z.ZodNumber;
                ptyRows: z.ZodNumber;
                transcriptPath: z.ZodNullable<z.ZodString>;
                queued: z.ZodNumber;
                attachCommand: z.ZodNullable<z.ZodString>;
                metadata: z.ZodObject<{
                    launch: z.ZodObject<{
                        args: z.ZodArray<z.ZodString>;
                        billingMode: z.ZodEnum<{
                            api: "api";
                            subscription: "subscription";
                        }>;
                        envKeys: z.ZodArray<z.ZodString>;
                    }, z.core.$strip>;
                    providerSession: z.ZodObject<{
                        id: z.ZodNullable<z.ZodString>;
                        mode: z.ZodEnum<{
                            fork: "fork";
                            new: "new";
                            resume: "resume";
                        }>;
                        source: z.ZodNullable<z.ZodEnum<{
                            agent: "agent";
                            codepiper: "codepiper";
                            "user-supplied": "user-supplied";
                        }>>;
                        forkedFrom: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                    security: z.ZodObject<{
                        dangerousMode: z.ZodBoolean;
                    }, z.core.$strip>;
                    ui: z.ZodObject<{
                        customName: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                }, z.core.$strip>;
            }, z.core.$strip>;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous"];
    };
    readonly resumeSession: {
        readonly method: "POST";
        readonly path: "/sessions/:id/resume";
        readonly summary: "Start an ended session again, in the same row, with the same conversation.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly body: z.ZodObject<{
            model: z.ZodOptional<z.ZodString>;
            prompt: z.ZodOptional<z.ZodString>;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            session: z.ZodObject<{
                id: z.ZodUUID;
                name: z.ZodNullable<z.ZodString>;
                provider: z.ZodEnum<{
                    "claude-code": "claude-code";
                    codex: "codex";
                    shell: "shell";
                }>;
                cwd: z.ZodString;
                status: z.ZodEnum<{
                    crashed: "crashed";
                    needs_input: "needs_input";
                    needs_permission: "needs_permission";
                    running: "running";
                    starting: "starting";
                    stopped: "stopped";
                }>;
                activity: z.ZodNullable<z.ZodEnum<{
                    busy: "busy";
                    idle: "idle";
                }>>;
                evidence: z.ZodObject<{
                    source: z.ZodEnum<{
                        daemon: "daemon";
                        exit: "exit";
                        hook: "hook";
                        registry: "registry";
                        screen: "screen";
                        title: "title";
                        tmux: "tmux";
                        transcript: "transcript";
                        user: "user";
                    }>;
                    detail: z.ZodString;
                }, z.core.$strip>;
                model: z.ZodNullable<z.ZodString>;
                createdAt: z.ZodISODateTime;
                updatedAt: z.ZodISODateTime;
                endedAt: z.ZodNullable<z.ZodISODateTime>;
                pid: z.ZodNullable<z.ZodNumber>;
                exitCode: z.ZodNullable<z.ZodNumber>;
                signal: z.ZodNullable<z.ZodString>;
                ptyCols: z.ZodNumber;
                ptyRows: z.ZodNumber;
                transcriptPath: z.ZodNullable<z.ZodString>;
                queued: z.ZodNumber;
                attachCommand: z.ZodNullable<z.ZodString>;
                metadata: z.ZodObject<{
                    launch: z.ZodObject<{
                        args: z.ZodArray<z.ZodString>;
                        billingMode: z.ZodEnum<{
                            api: "api";
                            subscription: "subscription";
                        }>;
                        envKeys: z.ZodArray<z.ZodString>;
                    }, z.core.$strip>;
                    providerSession: z.ZodObject<{
                        id: z.ZodNullable<z.ZodString>;
                        mode: z.ZodEnum<{
                            fork: "fork";
                            new: "new";
                            resume: "resume";
                        }>;
                        source: z.ZodNullable<z.ZodEnum<{
                            agent: "agent";
                            codepiper: "codepiper";
                            "user-supplied": "user-supplied";
                        }>>;
                        forkedFrom: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                    security: z.ZodObject<{
                        dangerousMode: z.ZodBoolean;
                    }, z.core.$strip>;
                    ui: z.ZodObject<{
                        customName: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                }, z.core.$strip>;
            }, z.core.$strip>;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous", "session_live", "conversation_unknown", "session_limit", "tmux_failed"];
    };
    readonly forkSession: {
        readonly method: "POST";
        readonly path: "/sessions/:id/fork";
        readonly summary: "Start a new session from a copy of this one's conversation.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly body: z.ZodObject<{
            name: z.ZodOptional<z.ZodString>;
            prompt: z.ZodOptional<z.ZodString>;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            session: z.ZodObject<{
                id: z.ZodUUID;
                name: z.ZodNullable<z.ZodString>;
                provider: z.ZodEnum<{
                    "claude-code": "claude-code";
                    codex: "codex";
                    shell: "shell";
                }>;
                cwd: z.ZodString;
                status: z.ZodEnum<{
                    crashed: "crashed";
                    needs_input: "needs_input";
                    needs_permission: "needs_permission";
                    running: "running";
                    starting: "starting";
                    stopped: "stopped";
                }>;
                activity: z.ZodNullable<z.ZodEnum<{
                    busy: "busy";
                    idle: "idle";
                }>>;
                evidence: z.ZodObject<{
                    source: z.ZodEnum<{
                        daemon: "daemon";
                        exit: "exit";
                        hook: "hook";
                        registry: "registry";
                        screen: "screen";
                        title: "title";
                        tmux: "tmux";
                        transcript: "transcript";
                        user: "user";
                    }>;
                    detail: z.ZodString;
                }, z.core.$strip>;
                model: z.ZodNullable<z.ZodString>;
                createdAt: z.ZodISODateTime;
                updatedAt: z.ZodISODateTime;
                endedAt: z.ZodNullable<z.ZodISODateTime>;
                pid: z.ZodNullable<z.ZodNumber>;
                exitCode: z.ZodNullable<z.ZodNumber>;
                signal: z.ZodNullable<z.ZodString>;
                ptyCols: z.ZodNumber;
                ptyRows: z.ZodNumber;
                transcriptPath: z.ZodNullable<z.ZodString>;
                queued: z.ZodNumber;
                attachCommand: z.ZodNullable<z.ZodString>;
                metadata: z.ZodObject<{
                    launch: z.ZodObject<{
                        args: z.ZodArray<z.ZodString>;
                        billingMode: z.ZodEnum<{
                            api: "api";
                            subscription: "subscription";
                        }>;
                        envKeys: z.ZodArray<z.ZodString>;
                    }, z.core.$strip>;
                    providerSession: z.ZodObject<{
                        id: z.ZodNullable<z.ZodString>;
                        mode: z.ZodEnum<{
                            fork: "fork";
                            new: "new";
                            resume: "resume";
                        }>;
                        source: z.ZodNullable<z.ZodEnum<{
                            agent: "agent";
                            codepiper: "codepiper";
                            "user-supplied": "user-supplied";
                        }>>;
                        forkedFrom: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                    security: z.ZodObject<{
                        dangerousMode: z.ZodBoolean;
                    }, z.core.$strip>;
                    ui: z.ZodObject<{
                        customName: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                }, z.core.$strip>;
            }, z.core.$strip>;
        }, z.core.$strip>;
        readonly status: 201;
        readonly errors: readonly ["session_not_found", "session_ambiguous", "unsupported", "conversation_unknown", "session_limit", "tmux_failed"];
    };
    readonly recoverSession: {
        readonly method: "POST";
        readonly path: "/sessions/:id/recover";
        readonly summary: "Compare the session with tmux again and take up its live pane.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            session: z.ZodObject<{
                id: z.ZodUUID;
                name: z.ZodNullable<z.ZodString>;
                provider: z.ZodEnum<{
                    "claude-code": "claude-code";
                    codex: "codex";
                    shell: "shell";
                }>;
                cwd: z.ZodString;
                status: z.ZodEnum<{
                    crashed: "crashed";
                    needs_input: "needs_input";
                    needs_permission: "needs_permission";
                    running: "running";
                    starting: "starting";
                    stopped: "stopped";
                }>;
                activity: z.ZodNullable<z.ZodEnum<{
                    busy: "busy";
                    idle: "idle";
                }>>;
                evidence: z.ZodObject<{
                    source: z.ZodEnum<{
                        daemon: "daemon";
                        exit: "exit";
                        hook: "hook";
                        registry: "registry";
                        screen: "screen";
                        title: "title";
                        tmux: "tmux";
                        transcript: "transcript";
                        user: "user";
                    }>;
                    detail: z.ZodString;
                }, z.core.$strip>;
                model: z.ZodNullable<z.ZodString>;
                createdAt: z.ZodISODateTime;
                updatedAt: z.ZodISODateTime;
                endedAt: z.ZodNullable<z.ZodISODateTime>;
                pid: z.ZodNullable<z.ZodNumber>;
                exitCode: z.ZodNullable<z.ZodNumber>;
                signal: z.ZodNullable<z.ZodString>;
                ptyCols: z.ZodNumber;
                ptyRows: z.ZodNumber;
                transcriptPath: z.ZodNullable<z.ZodString>;
                queued: z.ZodNumber;
                attachCommand: z.ZodNullable<z.ZodString>;
                metadata: z.ZodObject<{
                    launch: z.ZodObject<{
                        args: z.ZodArray<z.ZodString>;
                        billingMode: z.ZodEnum<{
                            api: "api";
                            subscription: "subscription";
                        }>;
                        envKeys: z.ZodArray<z.ZodString>;
                    }, z.core.$strip>;
                    providerSession: z.ZodObject<{
                        id: z.ZodNullable<z.ZodString>;
                        mode: z.ZodEnum<{
                            fork: "fork";
                            new: "new";
                            resume: "resume";
                        }>;
                        source: z.ZodNullable<z.ZodEnum<{
                            agent: "agent";
                            codepiper: "codepiper";
                            "user-supplied": "user-supplied";
                        }>>;
                        forkedFrom: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                    security: z.ZodObject<{
                        dangerousMode: z.ZodBoolean;
                    }, z.core.$strip>;
                    ui: z.ZodObject<{
                        customName: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                }, z.core.$strip>;
            }, z.core.$strip>;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous", "session_ended"];
    };
    readonly sendText: {
        readonly method: "POST";
        readonly path: "/sessions/:id/send";
        readonly summary: "Queue a prompt; it is typed when the agent is ready, and its arrival is proven.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly body: z.ZodObject<{
            text: z.ZodString;
            newline: z.ZodDefault<z.ZodBoolean>;
            idempotencyKey: z.ZodOptional<z.ZodString>;
            waitMs: z.ZodDefault<z.ZodNumber>;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            outcome: z.ZodEnum<{
                accepted: "accepted";
                delivered: "delivered";
                failed: "failed";
                timed_out: "timed_out";
            }>;
            delivery: z.ZodObject<{
                id: z.ZodUUID;
                sessionId: z.ZodUUID;
                kind: z.ZodEnum<{
                    command: "command";
                    draft: "draft";
                    prompt: "prompt";
                }>;
                status: z.ZodEnum<{
                    cancelled: "cancelled";
                    delivered: "delivered";
                    failed: "failed";
                    queued: "queued";
                    typed: "typed";
                }>;
                preview: z.ZodString;
                bytes: z.ZodNumber;
                idempotencyKey: z.ZodNullable<z.ZodString>;
                createdAt: z.ZodISODateTime;
                typedAt: z.ZodNullable<z.ZodISODateTime>;
                settledAt: z.ZodNullable<z.ZodISODateTime>;
                evidence: z.ZodNullable<z.ZodObject<{
                    source: z.ZodEnum<{
                        daemon: "daemon";
                        exit: "exit";
                        hook: "hook";
                        registry: "registry";
                        screen: "screen";
                        title: "title";
                        tmux: "tmux";
                        transcript: "transcript";
                        user: "user";
                    }>;
                    detail: z.ZodString;
                }, z.core.$strip>>;
                error: z.ZodNullable<z.ZodString>;
            }, z.core.$strip>;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous", "session_ended", "idempotency_conflict"];
    };
    readonly listDeliveries: {
        readonly method: "GET";
        readonly path: "/sessions/:id/deliveries";
        readonly summary: "Texts sent to the session, newest first.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly query: z.ZodObject<{
            limit: z.ZodDefault<z.ZodCoercedNumber<unknown>>;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            deliveries: z.ZodArray<z.ZodObject<{
                id: z.ZodUUID;
                sessionId: z.ZodUUID;
                kind: z.ZodEnum<{
                    command: "command";
                    draft: "draft";
                    prompt: "prompt";
                }>;
                status: z.ZodEnum<{
                    cancelled: "cancelled";
                    delivered: "delivered";
                    failed: "failed";
                    queued: "queued";
                    typed: "typed";
                }>;
                preview: z.ZodString;
                bytes: z.ZodNumber;
                idempotencyKey: z.ZodNullable<z.ZodString>;
                createdAt: z.ZodISODateTime;
                typedAt: z.ZodNullable<z.ZodISODateTime>;
                settledAt: z.ZodNullable<z.ZodISODateTime>;
                evidence: z.ZodNullable<z.ZodObject<{
                    source: z.ZodEnum<{
                        daemon: "daemon";
                        exit: "exit";
                        hook: "hook";
                        registry: "registry";
                        screen: "screen";
                        title: "title";
                        tmux: "tmux";
                        transcript: "transcript";
                        user: "user";
                    }>;
                    detail: z.ZodString;
                }, z.core.$strip>>;
                error: z.ZodNullable<z.ZodString>;
            }, z.core.$strip>>;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous"];
    };
    readonly cancelDelivery: {
        readonly method: "DELETE";
        readonly path: "/sessions/:id/deliveries/:delivery";
        readonly summary: "Withdraw a text that is still queued.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
            delivery: z.ZodUUID;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            delivery: z.ZodObject<{
                id: z.ZodUUID;
                sessionId: z.ZodUUID;
                kind: z.ZodEnum<{
                    command: "command";
                    draft: "draft";
                    prompt: "prompt";
                }>;
                status: z.ZodEnum<{
                    cancelled: "cancelled";
                    delivered: "delivered";
                    failed: "failed";
                    queued: "queued";
                    typed: "typed";
                }>;
                preview: z.ZodString;
                bytes: z.ZodNumber;
                idempotencyKey: z.ZodNullable<z.ZodString>;
                createdAt: z.ZodISODateTime;
                typedAt: z.ZodNullable<z.ZodISODateTime>;
                settledAt: z.ZodNullable<z.ZodISODateTime>;
                evidence: z.ZodNullable<z.ZodObject<{
                    source: z.ZodEnum<{
                        daemon: "daemon";
                        exit: "exit";
                        hook: "hook";
                        registry: "registry";
                        screen: "screen";
                        title: "title";
                        tmux: "tmux";
                        transcript: "transcript";
                        user: "user";
                    }>;
                    detail: z.ZodString;
                }, z.core.$strip>>;
                error: z.ZodNullable<z.ZodString>;
            }, z.core.$strip>;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous", "delivery_not_found", "session_busy"];
    };
    readonly sendKeys: {
        readonly method: "POST";
        readonly path: "/sessions/:id/keys";
        readonly summary: "Press keys, at once.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly body: z.ZodObject<{
            keys: z.ZodArray<z.ZodString>;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            success: z.ZodLiteral<true>;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous", "session_ended"];
    };
    readonly slashCommand: {
        readonly method: "POST";
        readonly path: "/sessions/:id/slash";
        readonly summary: "Run one of the agent's own slash commands when it is ready.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly body: z.ZodObject<{
            command: z.ZodString;
            args: z.ZodDefault<z.ZodArray<z.ZodString>>;
            waitMs: z.ZodDefault<z.ZodNumber>;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            outcome: z.ZodEnum<{
                accepted: "accepted";
                delivered: "delivered";
                failed: "failed";
                timed_out: "timed_out";
            }>;
            delivery: z.ZodObject<{
                id: z.ZodUUID;
                sessionId: z.ZodUUID;
                kind: z.ZodEnum<{
                    command: "command";
                    draft: "draft";
                    prompt: "prompt";
                }>;
                status: z.ZodEnum<{
                    cancelled: "cancelled";
                    delivered: "delivered";
                    failed: "failed";
                    queued: "queued";
                    typed: "typed";
                }>;
                preview: z.ZodString;
                bytes: z.ZodNumber;
                idempotencyKey: z.ZodNullable<z.ZodString>;
                createdAt: z.ZodISODateTime;
                typedAt: z.ZodNullable<z.ZodISODateTime>;
                settledAt: z.ZodNullable<z.ZodISODateTime>;
                evidence: z.ZodNullable<z.ZodObject<{
                    source: z.ZodEnum<{
                        daemon: "daemon";
                        exit: "exit";
                        hook: "hook";
                        registry: "registry";
                        screen: "screen";
                        title: "title";
                        tmux: "tmux";
                        transcript: "transcript";
                        user: "user";
                    }>;
                    detail: z.ZodString;
                }, z.core.$strip>>;
                error: z.ZodNullable<z.ZodString>;
            }, z.core.$strip>;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous", "session_ended", "unsupported"];
    };
    readonly interruptSession: {
        readonly method: "POST";
        readonly path: "/sessions/:id/interrupt";
        readonly summary: "Interrupt what the agent is doing; nothing happens to an idle one.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            interrupted: z.ZodBoolean;
            session: z.ZodObject<{
                id: z.ZodUUID;
                name: z.ZodNullable<z.ZodString>;
                provider: z.ZodEnum<{
                    "claude-code": "claude-code";
                    codex: "codex";
                    shell: "shell";
                }>;
                cwd: z.ZodString;
                status: z.ZodEnum<{
                    crashed: "crashed";
                    needs_input: "needs_input";
                    needs_permission: "needs_permission";
                    running: "running";
                    starting: "starting";
                    stopped: "stopped";
                }>;
                activity: z.ZodNullable<z.ZodEnum<{
                    busy: "busy";
                    idle: "idle";
                }>>;
                evidence: z.ZodObject<{
                    source: z.ZodEnum<{
                        daemon: "daemon";
                        exit: "exit";
                        hook: "hook";
                        registry: "registry";
                        screen: "screen";
                        title: "title";
                        tmux: "tmux";
                        transcript: "transcript";
                        user: "user";
                    }>;
                    detail: z.ZodString;
                }, z.core.$strip>;
                model: z.ZodNullable<z.ZodString>;
                createdAt: z.ZodISODateTime;
                updatedAt: z.ZodISODateTime;
                endedAt: z.ZodNullable<z.ZodISODateTime>;
                pid: z.ZodNullable<z.ZodNumber>;
                exitCode: z.ZodNullable<z.ZodNumber>;
                signal: z.ZodNullable<z.ZodString>;
                ptyCols: z.ZodNumber;
                ptyRows: z.ZodNumber;
                transcriptPath: z.ZodNullable<z.ZodString>;
                queued: z.ZodNumber;
                attachCommand: z.ZodNullable<z.ZodString>;
                metadata: z.ZodObject<{
                    launch: z.ZodObject<{
                        args: z.ZodArray<z.ZodString>;
                        billingMode: z.ZodEnum<{
                            api: "api";
                            subscription: "subscription";
                        }>;
                        envKeys: z.ZodArray<z.ZodString>;
                    }, z.core.$strip>;
                    providerSession: z.ZodObject<{
                        id: z.ZodNullable<z.ZodString>;
                        mode: z.ZodEnum<{
                            fork: "fork";
                            new: "new";
                            resume: "resume";
                        }>;
                        source: z.ZodNullable<z.ZodEnum<{
                            agent: "agent";
                            codepiper: "codepiper";
                            "user-supplied": "user-supplied";
                        }>>;
                        forkedFrom: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                    security: z.ZodObject<{
                        dangerousMode: z.ZodBoolean;
                    }, z.core.$strip>;
                    ui: z.ZodObject<{
                        customName: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                }, z.core.$strip>;
            }, z.core.$strip>;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous", "session_ended"];
    };
    readonly getModel: {
        readonly method: "GET";
        readonly path: "/sessions/:id/model";
        readonly summary: "The model the session uses, as far as known.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            model: z.ZodNullable<z.ZodString>;
            supportsModelSwitch: z.ZodBoolean;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous"];
    };
    readonly setModel: {
        readonly method: "PUT";
        readonly path: "/sessions/:id/model";
        readonly summary: "Switch the model of this session only; the user's own default is untouched.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly body: z.ZodObject<{
            model: z.ZodString;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            session: z.ZodObject<{
                id: z.ZodUUID;
                name: z.ZodNullable<z.ZodString>;
                provider: z.ZodEnum<{
                    "claude-code": "claude-code";
                    codex: "codex";
                    shell: "shell";
                }>;
                cwd: z.ZodString;
                status: z.ZodEnum<{
                    crashed: "crashed";
                    needs_input: "needs_input";
                    needs_permission: "needs_permission";
                    running: "running";
                    starting: "starting";
                    stopped: "stopped";
                }>;
                activity: z.ZodNullable<z.ZodEnum<{
                    busy: "busy";
                    idle: "idle";
                }>>;
                evidence: z.ZodObject<{
                    source: z.ZodEnum<{
                        daemon: "daemon";
                        exit: "exit";
                        hook: "hook";
                        registry: "registry";
                        screen: "screen";
                        title: "title";
                        tmux: "tmux";
                        transcript: "transcript";
                        user: "user";
                    }>;
                    detail: z.ZodString;
                }, z.core.$strip>;
                model: z.ZodNullable<z.ZodString>;
                createdAt: z.ZodISODateTime;
                updatedAt: z.ZodISODateTime;
                endedAt: z.ZodNullable<z.ZodISODateTime>;
                pid: z.ZodNullable<z.ZodNumber>;
                exitCode: z.ZodNullable<z.ZodNumber>;
                signal: z.ZodNullable<z.ZodString>;
                ptyCols: z.ZodNumber;
                ptyRows: z.ZodNumber;
                transcriptPath: z.ZodNullable<z.ZodString>;
                queued: z.ZodNumber;
                attachCommand: z.ZodNullable<z.ZodString>;
                metadata: z.ZodObject<{
                    launch: z.ZodObject<{
                        args: z.ZodArray<z.ZodString>;
                        billingMode: z.ZodEnum<{
                            api: "api";
                            subscription: "subscription";
                        }>;
                        envKeys: z.ZodArray<z.ZodString>;
                    }, z.core.$strip>;
                    providerSession: z.ZodObject<{
                        id: z.ZodNullable<z.ZodString>;
                        mode: z.ZodEnum<{
                            fork: "fork";
                            new: "new";
                            resume: "resume";
                        }>;
                        source: z.ZodNullable<z.ZodEnum<{
                            agent: "agent";
                            codepiper: "codepiper";
                            "user-supplied": "user-supplied";
                        }>>;
                        forkedFrom: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                    security: z.ZodObject<{
                        dangerousMode: z.ZodBoolean;
                    }, z.core.$strip>;
                    ui: z.ZodObject<{
                        customName: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                }, z.core.$strip>;
            }, z.core.$strip>;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous", "session_ended", "unsupported", "session_busy"];
    };
    readonly resizeSession: {
        readonly method: "POST";
        readonly path: "/sessions/:id/resize";
        readonly summary: "Set the size of the pane; an attached terminal decides as long as it is attached.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly body: z.ZodObject<{
            cols: z.ZodNumber;
            rows: z.ZodNumber;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            session: z.ZodObject<{
                id: z.ZodUUID;
                name: z.ZodNullable<z.ZodString>;
                provider: z.ZodEnum<{
                    "claude-code": "claude-code";
                    codex: "codex";
                    shell: "shell";
                }>;
                cwd: z.ZodString;
                status: z.ZodEnum<{
                    crashed: "crashed";
                    needs_input: "needs_input";
                    needs_permission: "needs_permission";
                    running: "running";
                    starting: "starting";
                    stopped: "stopped";
                }>;
                activity: z.ZodNullable<z.ZodEnum<{
                    busy: "busy";
                    idle: "idle";
                }>>;
                evidence: z.ZodObject<{
                    source: z.ZodEnum<{
                        daemon: "daemon";
                        exit: "exit";
                        hook: "hook";
                        registry: "registry";
                        screen: "screen";
                        title: "title";
                        tmux: "tmux";
                        transcript: "transcript";
                        user: "user";
                    }>;
                    detail: z.ZodString;
                }, z.core.$strip>;
                model: z.ZodNullable<z.ZodString>;
                createdAt: z.ZodISODateTime;
                updatedAt: z.ZodISODateTime;
                endedAt: z.ZodNullable<z.ZodISODateTime>;
                pid: z.ZodNullable<z.ZodNumber>;
                exitCode: z.ZodNullable<z.ZodNumber>;
                signal: z.ZodNullable<z.ZodString>;
                ptyCols: z.ZodNumber;
                ptyRows: z.ZodNumber;
                transcriptPath: z.ZodNullable<z.ZodString>;
                queued: z.ZodNumber;
                attachCommand: z.ZodNullable<z.ZodString>;
                metadata: z.ZodObject<{
                    launch: z.ZodObject<{
                        args: z.ZodArray<z.ZodString>;
                        billingMode: z.ZodEnum<{
                            api: "api";
                            subscription: "subscription";
                        }>;
                        envKeys: z.ZodArray<z.ZodString>;
                    }, z.core.$strip>;
                    providerSession: z.ZodObject<{
                        id: z.ZodNullable<z.ZodString>;
                        mode: z.ZodEnum<{
                            fork: "fork";
                            new: "new";
                            resume: "resume";
                        }>;
                        source: z.ZodNullable<z.ZodEnum<{
                            agent: "agent";
                            codepiper: "codepiper";
                            "user-supplied": "user-supplied";
                        }>>;
                        forkedFrom: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                    security: z.ZodObject<{
                        dangerousMode: z.ZodBoolean;
                    }, z.core.$strip>;
                    ui: z.ZodObject<{
                        customName: z.ZodNullable<z.ZodString>;
                    }, z.core.$strip>;
                }, z.core.$strip>;
            }, z.core.$strip>;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous", "session_ended"];
    };
    readonly readOutput: {
        readonly method: "GET";
        readonly path: "/sessions/:id/output";
        readonly summary: "The screen and the last lines of history; for an ended session, its last words.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly query: z.ZodObject<{
            lines: z.ZodOptional<z.ZodCoercedNumber<unknown>>;
            styles: z.ZodOptional<z.ZodPipe<z.ZodEnum<{
                0: "0";
                1: "1";
                false: "false";
                true: "true";
            }>, z.ZodTransform<boolean, "0" | "1" | "false" | "true">>>;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            output: z.ZodString;
            live: z.ZodBoolean;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous"];
    };
};
