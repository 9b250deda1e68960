// Command floor is the least that a controller can do for each Pipeline: one Deployment, and its replicas on the status; with
// -children the children that a file names, such as the operator makes. It is what the operator's cost is compared with.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var pipelineKind = schema.GroupVersionKind{Group: "snowline.dev", Version: "v1alpha1", Kind: "Pipeline"}

// childPrefix is what the operator puts before the Pipeline's name in those of its children.
const childPrefix = "pipeline-"

// placeholder stands for the Pipeline's name in the children of -children.
var placeholder = []byte("name-of-the-pipeline")

type reconciler struct {
	client.Client
	// children, each as JSON; the Deployment comes last, since it is what is looked for.
	children []json.RawMessage
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	pipeline := &unstructured.Unstructured{}
	pipeline.SetGroupVersionKind(pipelineKind)
	if err := r.Get(ctx, request.NamespacedName, pipeline); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	deployment := &appsv1.Deployment{}
	err := r.Get(ctx, client.ObjectKey{Namespace: request.Namespace, Name: childPrefix + request.Name}, deployment)
	if apierrors.IsNotFound(err) {
		return ctrl.Result{}, r.make(ctx, pipeline)
	}
	if err != nil {
		return ctrl.Result{}, err
	}
	replicas := int64(deployment.Status.ReadyReplicas)
	if before, _, _ := unstructured.NestedInt64(pipeline.Object, "status", "replicas"); before == replicas {
		return ctrl.Result{}, nil
	}
	patch := client.MergeFrom(pipeline.DeepCopy())
	if err := unstructured.SetNestedField(pipeline.Object, replicas, "status", "replicas"); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{}, r.Status().Patch(ctx, pipeline, patch)
}

func (r *reconciler) make(ctx context.Context, pipeline *unstructured.Unstructured) error {
	children, err := r.childrenOf(pipeline)
	if err != nil {
		return err
	}
	for _, child := range children {
		if err := controllerutil.SetControllerReference(pipeline, child, r.Scheme()); err != nil {
			return err
		}
		if err := client.IgnoreAlreadyExists(r.Create(ctx, child)); err != nil {
			return err
		}
	}
	return nil
}

func (r *reconciler) childrenOf(pipeline *unstructured.Unstructured) ([]client.Object, error) {
	if r.children == nil {
		return []client.Object{deploymentOf(pipeline)}, nil
	}
	children := []client.Object{}
	for _, template := range r.children {
		child := &unstructured.Unstructured{}
		if err := child.UnmarshalJSON(bytes.ReplaceAll(template, placeholder, []byte(pipeline.GetName()))); err != nil {
			return nil, err
		}
		child.SetNamespace(pipeline.GetNamespace())
		children = append(children, child)
	}
	return children, nil
}

func deploymentOf(pipeline *unstructured.Unstructured) *appsv1.Deployment {
	labels := map[string]string{"app": pipeline.GetName()}
	replicas := int32(1)
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: pipeline.GetNamespace(), Name: childPrefix + pipeline.GetName()},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					Containers:  []corev1.Container{{Name: "runtime", Image: "local.test/nothing:1"}},
					Tolerations: []corev1.Toleration{{Key: "kwok.x-k8s.io/node", Operator: corev1.TolerationOpExists}},
				},
			},
		},
	}
}

func main() {
	kubeconfig := flag.String("config", "", "kubeconfig")
	file := flag.String("children", "", "JSON list of the children to make, in this order; name-of-the-pipeline stands for the Pipeline's name")
	address := flag.String("metrics", "127.0.0.1:0", "address of /metrics")
	flag.Parse()
	ctrl.SetLogger(zap.New())
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	must(err)
	config.QPS, config.Burst = 500, 1000
	var children []json.RawMessage
	if *file != "" {
		text, err := os.ReadFile(*file)
		must(err)
		must(json.Unmarshal(text, &children))
	}
	manager, err := ctrl.NewManager(config, ctrl.Options{Metrics: server.Options{BindAddress: *address}})
	must(err)
	pipeline := &unstructured.Unstructured{}
	pipeline.SetGroupVersionKind(pipelineKind)
	must(ctrl.NewControllerManagedBy(manager).For(pipeline).Owns(&appsv1.Deployment{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: 8}).
		Complete(&reconciler{manager.GetClient(), children}))
	must(manager.Start(ctrl.SetupSignalHandler()))
}

func must(err error) {
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}
